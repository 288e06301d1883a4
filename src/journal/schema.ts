/** Goes up by one whenever an older muster could not use what a newer one wrote. */
export const JOURNAL_VERSION = 1;

/**
 * `event` lies in the order of its ids, which is the order of time. `root` is the subject without its instance number: one
 * index then serves `web` and `web:1`. `same` leads from the id of a draft that was dropped because its `once` was
 * already known to the event that was kept, so that causes stay connected.
 */
export const SCHEMA = `
CREATE TABLE event (
  id TEXT PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  severity INTEGER NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  cause TEXT,
  data TEXT,
  once TEXT,
  root TEXT GENERATED ALWAYS AS (substr(subject, 1, instr(subject || ':', ':') - 1)) VIRTUAL
) WITHOUT ROWID;
CREATE INDEX event_root ON event (root);
CREATE UNIQUE INDEX event_once ON event (once) WHERE once IS NOT NULL;
CREATE TABLE same (id TEXT PRIMARY KEY, event TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${JOURNAL_VERSION};
`;
