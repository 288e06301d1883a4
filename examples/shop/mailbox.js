/** The owner's mailbox: takes every mail that comes over SMTP and reads it aloud. Nothing leaves this host. */
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { failToListen, log, onEnd, setting } from "./program.js";

async function take(stream, session, done) {
  try {
    const pieces = [];
    for await (const piece of stream) pieces.push(piece);
    const mail = await PostalMime.parse(Buffer.concat(pieces));
    const to = session.envelope.rcptTo.map(({ address }) => address).join(", ");
    const text = (mail.text ?? "").trimEnd().split("\n");
    log([`a mail to ${to}: ${mail.subject}`, "", ...text, ""].join("\n  | "));
    done();
  } catch (error) {
    done(error);
  }
}

const port = Number(setting("PORT"));
const server = new SMTPServer({ authOptional: true, disabledCommands: ["AUTH", "STARTTLS"], onData: take });
server.on("error", (error) => failToListen(error, port));
server.listen(port, "127.0.0.1", () => {
  log(`the mailbox is open on 127.0.0.1:${server.server.address().port}`);
});
onEnd(() => new Promise((resolve) => server.close(resolve)));
