/**
 * The engine of every state machine in the house: a table over (state name, event kind).
 *
 * A cell is a pure function that gives the next state and the effects, or one of two words: `ignore` (the event is late
 * or means nothing here) and `refuse` (the order is not possible now; the caller is told). A missing cell does not
 * compile, so every pair is answered.
 */
export interface Named {
  readonly name: string;
}

export interface Kinded {
  readonly kind: string;
}

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export type Cell<State, Event, Effect, Context> =
  | ((state: State, event: Event, context: Context) => Step<State, Effect>)
  | "ignore"
  | "refuse";

export type StateTable<State extends Named, Event extends Kinded, Effect, Context> = {
  readonly [S in State["name"]]: {
    readonly [E in Event["kind"]]: CellFor<
      State,
      Extract<State, { name: S }>,
      Extract<Event, { kind: E }>,
      Effect,
      Context
    >;
  };
};

type CellFor<AnyState, From, Event, Effect, Context> =
  | ((state: From, event: Event, context: Context) => Step<AnyState, Effect>)
  | "ignore"
  | "refuse";

export type Outcome<State, Effect> =
  | { readonly kind: "moved"; readonly state: State; readonly effects: readonly Effect[] }
  | { readonly kind: "ignored" }
  | { readonly kind: "refused" };

/** Looks up the cell for `state` and `event` and runs it. Pure: the same arguments give the same outcome. */
export function step<State extends Named, Event extends Kinded, Effect, Context>(
  table: StateTable<State, Event, Effect, Context>,
  state: State,
  event: Event,
  context: Context,
): Outcome<State, Effect> {
  const row = table[state.name as State["name"]];
  const cell = row[event.kind as Event["kind"]] as Cell<State, Event, Effect, Context>;
  if (cell === "ignore") return { kind: "ignored" };
  if (cell === "refuse") return { kind: "refused" };
  const next = cell(state, event, context);
  return { kind: "moved", state: next.state, effects: next.effects };
}
