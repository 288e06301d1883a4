/**
 * What `work` gives, or a throw of what `late` gives when it has not settled within `limitMs`. `late` ends the work; what
 * comes of it afterwards is dropped.
 */
export async function withDeadline<Value>(work: Promise<Value>, limitMs: number, late: () => Error): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
