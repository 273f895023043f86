// Uploads one file with the real tus-js-client, as its one argument (JSON) says, and prints a line
// of JSON for each thing that happens.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Upload } from "tus-js-client";

const told = JSON.parse(process.argv[2]);
const data = readFileSync(told.file);
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
let paused = false;
let started = 0;

function checksum(request) {
  if (!told.checksum || request.getMethod() !== "PATCH") return;
  const offset = Number(request.getHeader("Upload-Offset"));
  const chunk = data.subarray(offset, Math.min(offset + told.chunk_bytes, data.length));
  const digest = createHash("sha256")
    .update(told.checksum === "wrong" ? "something else" : chunk)
    .digest("base64");
  request.setHeader("Upload-Checksum", `sha256 ${digest}`);
}

const upload = new Upload(data, {
  endpoint: told.endpoint,
  uploadUrl: told.url,
  headers: { Authorization: `Token ${told.token}` },
  metadata: { filename: told.name, options: JSON.stringify({ separator: "spectral" }) },
  chunkSize: told.chunk_bytes,
  retryDelays: told.retry_ms ?? [],
  storeFingerprintForResuming: false,
  onBeforeRequest: (request) => {
    checksum(request);
    if (request.getMethod() === "PATCH")
      say("patch", { offset: Number(request.getHeader("Upload-Offset")) });
  },
  onUploadUrlAvailable: () => say("created", { url: upload.url }),
  onChunkComplete: async (_, accepted, total) => {
    say("accepted", { accepted, total, started });
    const half = accepted >= total / 2 && accepted < total;
    if (told.pause && half && !paused) {
      paused = true;
      await upload.abort();
      say("paused");
      setTimeout(start, 200);
    }
    if (told.terminate && half) {
      await upload.abort(true);
      say("terminated", { url: upload.url });
    }
  },
  onError: (error) => {
    const response = error.originalResponse;
    say("failed", {
      status: response?.getStatus() ?? 0,
      body: response?.getBody() ?? String(error),
    });
  },
  onSuccess: () => say("done", { url: upload.url }),
});

function start() {
  started += 1;
  upload.start();
}

start();
