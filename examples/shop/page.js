/** The shop's only page. */

const STYLE =
  "body{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}form{display:inline}td{padding:.2em .8em .2em 0}small{color:#777}";

export function page({ items, orders, word, notice, servedBy }) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tea shop</title><style>${STYLE}</style>
<h1>Tea shop</h1>
${notice ? `<p><strong>${escapeHtml(notice)}</strong></p>` : ""}
<form><input name="word" placeholder="search" value="${escapeHtml(word)}"> <button>Search</button></form>
<table>${items.map(itemRow).join("")}</table>
<h2>Orders</h2>
<table>${orders.map(orderRow).join("") || "<tr><td>none yet</td></tr>"}</table>
<p><small>served by ${escapeHtml(servedBy)}</small></p></html>
`;
}

function itemRow({ name, price, about }) {
  return `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(about)}</td><td>${Number(price)} €</td>
<td><form method="post" action="/orders"><button name="item" value="${escapeHtml(name)}">Order</button></form></td></tr>`;
}

function orderRow({ number, item, visitor, state }) {
  return `<tr><td>${Number(number)}</td><td>${escapeHtml(item)}</td><td>${escapeHtml(visitor)}</td><td>${escapeHtml(state)}</td></tr>`;
}

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
