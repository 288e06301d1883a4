import type { AlertRecord, DownService } from "./book.ts";
import type { Draft } from "./draft.ts";
import { cutText, shortHash } from "./fingerprint.ts";
import { MESSAGE_CHARACTERS } from "./raise-policy.ts";
import { showAlert } from "./shown.ts";
import { isServiceFlapping, resolve, serviceOf, tellIfWorse, worst } from "./telling-policy.ts";

/**
 * Which services that are down have an alert of their own, and who is affected by each. A service is folded into those
 * below it that are down and depend on nothing that is; one whose alert was told keeps it.
 */
export function fold(draft: Draft): void {
  draft.foldingChanged = false;
  if (draft.down.size === 0) return;
  endThoseOver(draft);
  const roots = new Map<string, readonly string[]>();
  for (const service of draft.down.keys()) roots.set(service, rootsOf(draft, service, []));
  breakRings(roots);
  for (const [service, above] of roots) if (above.length === 0) giveAlert(draft, service);
  for (const [service, above] of roots) if (above.length > 0) foldUnder(draft, service, above);
  tellAffected(draft, roots);
  draft.foldingChanged = false;
}

/** The configuration allows no ring of dependencies; if there is one all the same, its first service stands for it. */
function breakRings(roots: Map<string, readonly string[]>): void {
  for (const [service, above] of roots) {
    if (above.length === 0 || above.some((root) => roots.get(root)?.length === 0)) continue;
    if (above.every((root) => service < root)) roots.set(service, []);
  }
}

/** Nothing of them is down any more; while one flaps, its alert stays, so that it is not raised and resolved in turn. */
function endThoseOver(draft: Draft): void {
  for (const [service, { over }] of [...draft.down]) {
    if (over === null || isServiceFlapping(draft, service)) continue;
    const record = draft.active.get(`down ${service}`);
    if (record !== undefined) resolve(draft, record, over);
    draft.removeDown(service);
  }
}

/** The services below this one that are down and lean on no other that is. */
function rootsOf(draft: Draft, service: string, further: readonly string[]): readonly string[] {
  const { dependsOn } = draft.context;
  const leans = new Map<string, boolean>([[service, false]]);
  const roots: string[] = [];
  /** Is it down, or anything below it? */
  const visit = (name: string): boolean => {
    const known = leans.get(name);
    if (known !== undefined) return known;
    leans.set(name, false);
    let leansOnDown = false;
    for (const below of dependsOn.get(name) ?? []) leansOnDown = visit(below) || leansOnDown;
    const isDown = draft.down.has(name);
    if (isDown && !leansOnDown) roots.push(name);
    leans.set(name, isDown || leansOnDown);
    return isDown || leansOnDown;
  };
  for (const name of [...(dependsOn.get(service) ?? []), ...further]) visit(name);
  return roots;
}

function giveAlert(draft: Draft, service: string): void {
  const down = draft.down.get(service);
  if (down === undefined) return;
  const known = draft.active.get(`down ${service}`);
  if (known !== undefined) {
    if (known.lastEvent !== down.lastEvent) tellIfWorse(draft, draft.putAlert(brought(known, down)));
    return;
  }
  const isGivenUp = [...down.members.values()].some((member) => member.givenUp);
  // What it was folded under is up: it gets its chance, unless nobody will try, and an alert when it fails once more.
  if (down.over !== null || (down.folded && !isGivenUp)) return;
  draft.putDown(service, { ...down, folded: false });
  draft.putAlert(newDownAlert(draft, service, down));
}

function newDownAlert(draft: Draft, service: string, down: DownService): AlertRecord {
  const { nowMs } = draft;
  const fingerprint = `down ${service}`;
  return brought(
    {
      id: shortHash(`${fingerprint} ${down.firstEvent}`),
      fingerprint,
      kind: "down",
      severity: down.severity,
      subject: service,
      message: "",
      raisedAtMs: nowMs,
      lastAtMs: down.lastAtMs,
      count: 0,
      firstEvent: down.firstEvent,
      lastEvent: down.lastEvent,
      affected: [],
      acknowledged: null,
      listOnly: false,
      told: null,
      owed: false,
      noticeAtMs: nowMs + draft.context.rules.groupWaitMs,
      joinAtMs: null,
      reminderAtMs: null,
      quietAtMs: null,
      generation: 0,
    },
    down,
  );
}

function brought(record: AlertRecord, { severity, message, lastAtMs, lastEvent, count }: DownService): AlertRecord {
  const shown = cutText(message, MESSAGE_CHARACTERS);
  return { ...record, severity: worst(record.severity, severity), message: shown, lastAtMs, lastEvent, count };
}

function foldUnder(draft: Draft, service: string, above: readonly string[]): void {
  const down = draft.down.get(service);
  const own = draft.active.get(`down ${service}`);
  if (down === undefined) return;
  if (own !== undefined && (own.told !== null || own.acknowledged !== null)) {
    if (own.lastEvent !== down.lastEvent) tellIfWorse(draft, draft.putAlert(brought(own, down)));
    return;
  }
  if (!down.folded) draft.putDown(service, { ...down, folded: true });
  if (own === undefined) return;
  draft.removeAlert(own.fingerprint);
  const why = `it is folded into "down ${above.join('", "down ')}"`;
  draft.effects.push({ kind: "held", notice: "raised", atMs: draft.nowMs, alert: showAlert(own, draft, null), why });
  for (const root of above) hasten(draft, root, own.noticeAtMs);
}

/** The first cause counts for the group wait, also when it was folded. */
function hasten(draft: Draft, root: string, noticeAtMs: number | null): void {
  const record = draft.active.get(`down ${root}`);
  if (record === undefined || record.noticeAtMs === null || noticeAtMs === null) return;
  if (noticeAtMs < record.noticeAtMs) draft.putAlert({ ...record, noticeAtMs });
}

function tellAffected(draft: Draft, roots: ReadonlyMap<string, readonly string[]>): void {
  const affected = new Map<string, Set<string>>();
  const add = (service: string, above: readonly string[]) => {
    if (draft.active.has(`down ${service}`)) return;
    for (const root of above) affected.set(root, (affected.get(root) ?? new Set()).add(service));
  };
  for (const [service, above] of roots) add(service, above);
  for (const [instance, { waitingFor }] of draft.instances) {
    if (waitingFor === null) continue;
    const service = serviceOf(instance);
    add(service, rootsOf(draft, service, waitingFor));
  }
  for (const service of roots.keys()) {
    const record = draft.active.get(`down ${service}`);
    if (record === undefined) continue;
    const names = [...(affected.get(service) ?? [])].sort();
    if (!isSame(names, record.affected)) draft.putAlert({ ...record, affected: names });
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
