// Every row of the operation table as a call. Runs in Node and in a page alike.

export const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** The clients of the three services, with what the rows need: a key, and where a key does not do, the rest. */
export async function makeClients({ ApiVideo, TwelveLabs, VideoVector }, info, extra = {}) {
  const options = (service) => ({ apiKey: info[service].api_key, baseUrl: info[service].base_url, ...extra });
  const { token } = await new ApiVideo(options("api-video")).uploadTokens.create();
  return {
    "api-video": new ApiVideo({ ...options("api-video"), uploadToken: token }),
    "twelve-labs": new TwelveLabs(options("twelve-labs")),
    videovector: new VideoVector({ ...options("videovector"), jwt: info.videovector.jwt, authMode: "api_key" }),
  };
}

/** Objects that must exist before something can be done with them, by service and argument. */
const makers = {
  "api-video": {
    video_id: async (av) => (await av.videos.create({ title: "made for a test" })).videoId,
    upload_token: async (av) => (await av.uploadTokens.create()).token,
    api_key: async (_, info) => info["api-video"].api_key,
    refresh_token: async (av, info) =>
      (await av.accessTokens.create({ apiKey: info["api-video"].api_key })).refresh_token,
  },
  "twelve-labs": {},
  videovector: {
    key_id: async (vv) => (await vv.apiKeys.create({ name: "made for a test" })).key_id,
  },
};

/** Arguments that the emulator gives for a call, with the objects that they name. */
async function example(info, { service, operation }) {
  const response = await fetch(`${info.control}/example`, { method: "POST", body: JSON.stringify({ service, operation }) });
  return response.json();
}

/** Makes one call; gives its answer. */
export async function makeCall(clients, info, call) {
  const client = clients[call.service];
  const given = await example(info, call);
  const args = { ...call.arguments, ...given };
  for (const [name, make] of Object.entries(makers[call.service])) {
    if (name in args && !(name in given)) args[name] = await make(client, info);
  }
  const path = call.path.map((name) => {
    const value = args[name];
    delete args[name];
    return value;
  });
  const named = Object.fromEntries(Object.entries(args).map(([name, value]) => [camel(name), value]));
  for (const file of call.files) named[camel(file)] = new Blob(["a few bytes"], { type: "video/mp4" });
  const names = call.operation.split(".").map(camel);
  const verb = names.pop();
  const resource = names.reduce((owner, name) => owner[name], client);
  return Object.keys(named).length > 0 ? resource[verb](...path, named) : resource[verb](...path);
}
