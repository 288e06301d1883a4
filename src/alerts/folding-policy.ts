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
  const services = [...draft.down.keys()];
  const roots = giveAlerts(draft, services);
  for (const service of services) if (roots.below(service).length > 0) foldUnder(draft, service, roots.below(service));
  tellAffected(draft, services, roots);
  draft.foldingChanged = false;
}

/** Those at the bottom get alerts. One that is only on its way again gets none, and then nobody is folded under it. */
function giveAlerts(draft: Draft, services: readonly string[]): Roots {
  const onTheirWay = new Set<string>();
  for (;;) {
    const roots = new Roots(draft, onTheirWay);
    const before = onTheirWay.size;
    for (const service of services) {
      if (roots.below(service).length > 0) continue;
      giveAlert(draft, service);
      if (!draft.active.has(`down ${service}`)) onTheirWay.add(service);
    }
    if (onTheirWay.size === before) return roots;
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

/** Who stands at the bottom: of a service, those below it that are down and lean on no other that is. */
class Roots {
  private readonly draft: Draft;
  private readonly except: ReadonlySet<string>;
  private readonly known = new Map<string, readonly string[]>();

  constructor(draft: Draft, except: ReadonlySet<string>) {
    this.draft = draft;
    this.except = except;
  }

  below(service: string): readonly string[] {
    const known = this.known.get(service);
    if (known !== undefined) return known;
    // The configuration allows no ring of dependencies; in one, whoever is asked for first stands at the bottom.
    this.known.set(service, []);
    const roots = this.from(this.draft.context.dependsOn.get(service) ?? []).filter((root) => root !== service);
    this.known.set(service, roots);
    return roots;
  }

  /** The same of several, themselves included. */
  from(services: readonly string[]): readonly string[] {
    const found = new Set<string>();
    for (const service of services) {
      const below = this.below(service);
      const isDown = this.draft.down.has(service) && !this.except.has(service);
      if (below.length === 0 && isDown) found.add(service);
      for (const root of below) found.add(root);
    }
    return [...found];
  }
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

function tellAffected(draft: Draft, services: readonly string[], roots: Roots): void {
  const affected = new Map<string, Set<string>>();
  const add = (service: string, above: readonly string[]) => {
    if (draft.active.has(`down ${service}`)) return;
    for (const root of above) {
      const names = affected.get(root) ?? new Set();
      if (root !== service) affected.set(root, names.add(service));
    }
  };
  for (const service of services) add(service, roots.below(service));
  for (const [instance, { waitingFor }] of draft.instances) {
    if (waitingFor === null) continue;
    const service = serviceOf(instance);
    add(service, roots.below(service));
    add(service, roots.from(waitingFor));
  }
  for (const service of services) {
    const record = draft.active.get(`down ${service}`);
    if (record === undefined) continue;
    const names = [...(affected.get(service) ?? [])].sort();
    if (!isSame(names, record.affected)) draft.putAlert({ ...record, affected: names });
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
