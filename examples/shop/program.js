/** What every program of the shop needs. */

/** One line on standard output. Muster adds the time and who wrote it. */
export function log(line) {
  console.log(line);
}

/** Ends with a sentence for people on standard error, and code 1. */
export function give(up) {
  console.error(up);
  process.exit(1);
}

/** The value of an environment variable that muster.toml sets. */
export function setting(name) {
  const value = process.env[name];
  return value || give(`cannot run: ${name} is not set; muster.toml gives it, start the shop with "npm start"`);
}

/** Runs `finish` when the program is asked to end, then ends with code 0. */
export function onEnd(finish) {
  for (const signal of ["TERM", "INT"]) {
    process.once(`SIG${signal}`, async () => {
      log(`got ${signal}, closing`);
      await finish();
      process.exit(0);
    });
  }
}

/** An answer in JSON, ended by a line feed for who reads it with curl. */
export function json(value, status = 200) {
  return new Response(`${JSON.stringify(value)}\n`, { status, headers: { "content-type": "application/json" } });
}

/** Listens on 127.0.0.1, or says what is in the way. Closes in order when the program is asked to end. */
export function listen(port, handle) {
  try {
    const server = Bun.serve({ hostname: "127.0.0.1", port, fetch: handle });
    onEnd(() => server.stop());
    return server;
  } catch (error) {
    failToListen(error, port);
  }
}

/** Says what is in the way of listening, and ends. */
export function failToListen(error, port) {
  if (error.code !== "EADDRINUSE") throw error;
  give(`cannot listen on port ${port}: another program has it; end that one, or change "port" in muster.toml`);
}

/**
 * Says something to Muster, see docs/how-a-service-speaks.md: `say("maintenance", "--progress", "40", "counting")`. Every
 * service finds the program "muster" in its PATH.
 */
export async function say(...words) {
  const child = Bun.spawn(["muster", "notify", ...words], { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) log(`cannot say "${words.join(" ")}"; going on without it`);
}
