import { LogWriter } from "./log-writer.ts";

/** Writes numbered lines as fast as it can and rotates all the while: `<directory> <lines> <lines a file>`. */
const [directory = "", lines = "0", perFile = "1"] = process.argv.slice(2);
const writer = new LogWriter(
  { directory, instance: { service: "web", number: 1 }, stream: "out", archive: null },
  Date.now(),
);
for (let line = 1; line <= Number(lines); line += 10) {
  let text = "";
  for (let next = line; next < line + 10; next++) text += `${next} of a line that is written at full speed\n`;
  // A piece may end inside a line.
  const cut = line % 40;
  writer.write(text.slice(0, cut), 1).write(text.slice(cut));
  if ((line + 9) % Number(perFile) === 0) writer.rotate();
}
writer[Symbol.dispose]();
