/** What visitors see. Holds nothing itself: any instance can be killed at any time. */
import { page } from "./page.js";
import { json, listen, log, setting } from "./program.js";

const NEIGHBOUR_LIMIT_MS = 2_000;
const api = setting("API");
const search = setting("SEARCH");
const servedBy = `front:${process.env.MUSTER_INSTANCE ?? 1}, pid ${process.pid}`;

/** Asks a neighbour; gives null when it is not there. */
async function ask(address, options = {}) {
  try {
    return await fetch(address, { signal: AbortSignal.timeout(NEIGHBOUR_LIMIT_MS), ...options });
  } catch (error) {
    log(`cannot reach ${address}: ${error.code ?? error.name}`);
    return null;
  }
}

async function showShop(word) {
  const answers = await Promise.all([ask(`${api}/items`), ask(`${api}/orders`)]);
  const found = word === "" ? null : await ask(`${search}/?word=${encodeURIComponent(word)}`);
  const [items = [], orders = []] = await Promise.all(answers.map((answer) => (answer?.ok ? answer.json() : [])));
  const names = found?.ok ? await found.json() : null;
  const notice = answers.includes(null)
    ? "The shop is closed for a moment, please come back soon."
    : word !== "" && names === null && "The search is not there yet; here is all we have.";
  const shown = names === null ? items : items.filter(({ name }) => names.includes(name));
  const html = page({ items: shown, orders, word, notice, servedBy });
  return new Response(html, { status: answers.includes(null) ? 503 : 200, headers: { "content-type": "text/html" } });
}

/** Browsers are led back to the page, others get the order as JSON. */
async function takeOrder(request) {
  const form = await request.formData().catch(() => new FormData());
  const order = { item: form.get("item") ?? "", visitor: form.get("visitor") ?? "a visitor" };
  const answer = await ask(`${api}/orders`, { method: "POST", body: JSON.stringify(order) });
  if (answer === null) return json({ error: "cannot take the order: the shop is closed for a moment" }, 503);
  if (request.headers.get("accept")?.includes("text/html")) return Response.redirect("/", 303);
  return new Response(answer.body, { status: answer.status, headers: { "content-type": "application/json" } });
}

const server = listen(Number(setting("PORT")), async (request) => {
  const url = new URL(request.url);
  const beginMs = performance.now();
  const wantsOrder = url.pathname === "/orders" && request.method === "POST";
  let answer = new Response("there is no such page\n", { status: 404 });
  if (wantsOrder) answer = await takeOrder(request);
  else if (url.pathname === "/") answer = await showShop(url.searchParams.get("word") ?? "");
  log(`${request.method} ${url.pathname} ${answer.status} ${(performance.now() - beginMs).toFixed(1)} ms`);
  return answer;
});
log(`the shop is open on ${server.url.origin}`);
