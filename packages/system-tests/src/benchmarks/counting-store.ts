import type { Store } from '@ringfence/signaling-server';

/** A store that counts its round trips. The sweep's `due` belongs to no command and is left out. */
export interface CountingStore extends Store {
  readonly trips: number;
}

export function countTrips(store: Store): CountingStore {
  let trips = 0;
  const counted =
    <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      trips += 1;
      return work(...args);
    };
  return {
    get trips() {
      return trips;
    },
    now: () => store.now(),
    due: (limit) => store.due(limit),
    commit: counted(store.commit),
    load: counted(store.load),
    eventsAfter: counted(store.eventsAfter),
    callsOf: counted(store.callsOf),
    settingsOf: counted(store.settingsOf),
    answerOf: counted(store.answerOf),
  };
}
