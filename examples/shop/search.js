/** Finds goods by any word. Builds its index from what the api has, which takes a while; only then it is ready. */
import { json, listen, log, setting } from "./program.js";

const msForOneItem = Number(setting("MS_FOR_ONE_ITEM"));

const response = await fetch(`${setting("API")}/items`, { signal: AbortSignal.timeout(2_000) });
const items = await response.json();
log(`building the index of ${items.length} items`);

const index = new Map();
for (const [position, item] of items.entries()) {
  for (const word of `${item.name} ${item.about}`.toLowerCase().match(/[a-z]+/g) ?? []) {
    index.set(word, [...(index.get(word) ?? []), item.name]);
  }
  await Bun.sleep(msForOneItem);
  log(`indexed ${position + 1} of ${items.length}: ${item.name}`);
}

const server = listen(Number(setting("PORT")), (request) => {
  const word = (new URL(request.url).searchParams.get("word") ?? "").toLowerCase();
  const found = [
    ...new Set([...index].filter(([key]) => word !== "" && key.startsWith(word)).flatMap(([, names]) => names)),
  ];
  log(`"${word}": ${found.join(", ") || "nothing"}`);
  return json(found);
});
log(`the index is ready: ${index.size} words, on ${server.url.origin}`);
