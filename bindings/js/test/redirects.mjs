// A service that redirects, whoever it leads to, and calls with every kind of credential.
import { createServer } from "node:http";

export const CODES = [301, 302, 303, 307, 308];
export const CHANGES = ["host", "port", "userinfo", "relative", "path"];
export const SECRETS = ["cnrykey0123456789", "cnryjwt0123456789", "cnryupload0123456789", "cnryaccess0123456789", "cnryrefresh0123456789"];
const [ACCESS, REFRESH] = SECRETS.slice(3);

/** Listens; a page may call it. */
function listen(port, host, answer) {
  const server = createServer(async (request, response) => {
    const body = [];
    for await (const piece of request) body.push(piece);
    const origin = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization, content-type, x-api-key" };
    const [status, headers, text] = answer(request, Buffer.concat(body).toString("latin1"));
    response.writeHead(status, { ...origin, ...headers }).end(text);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

export async function startSite() {
  const site = { home: [], sink: [] };
  const catchAll = (request, body) => {
    site.sink.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
    return [200, {}, "{}"];
  };
  const other = await listen(0, "127.0.0.1", catchAll);
  let port;
  const target = (change, path) =>
    ({
      host: `http://127.0.0.2:${port}${path}`,
      port: `http://127.0.0.1:${other.address().port}${path}`,
      userinfo: `http://127.0.0.1:${port}@127.0.0.2:${port}${path}`,
      relative: `//127.0.0.2:${port}${path}`,
      path: `/moved${path}`,
    })[change];
  const home = await listen(0, "127.0.0.1", (request, body) => {
    const [, code, change, kind, ...rest] = request.url.split("/");
    if (code === "moved") return catchAll(request, body);
    if (request.method === "OPTIONS") return [204, {}, ""];
    if (rest.join("/") === "auth/api-key" && kind === "bearer") {
      const token = { token_type: "Bearer", expires_in: 3600, access_token: ACCESS, refresh_token: REFRESH };
      return [200, { "content-type": "application/json" }, JSON.stringify(token)];
    }
    site.home.push(`${code} ${change} ${kind}`);
    return [Number(code), { location: target(change, request.url) }, ""];
  });
  port = home.address().port;
  const servers = [home, other, await listen(port, "127.0.0.2", catchAll)];
  site.url = `http://127.0.0.1:${port}`;
  site.stop = () => servers.forEach((server) => (server.closeAllConnections(), server.close()));
  return site;
}
