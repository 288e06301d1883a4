import { Database } from "bun:sqlite";
import { join } from "node:path";

/** How many events a journal has on disk. */
export class Journaled implements Disposable {
  private readonly database: Database;

  constructor(stateDirectory: string) {
    this.database = new Database(join(stateDirectory, "journal.db"), { readonly: true });
  }

  /** What is committed, whatever it is: counted by the smallest index there is. */
  count(): number {
    return (this.database.query("SELECT count(*) AS count FROM event").get() as { count: number }).count;
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}
