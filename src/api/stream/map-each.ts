/**
 * Each item changed on its way. Not a generator: `return` and `throw` reach the source at once, also while it waits.
 */
export function mapEach<From, To>(source: AsyncIterable<From>, change: (item: From) => To): AsyncIterable<To> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        async next() {
          const step = await iterator.next();
          return step.done === true ? { done: true, value: undefined } : { done: false, value: change(step.value) };
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
