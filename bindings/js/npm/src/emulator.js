// Takes the place of emulator.node.js where there is no Node: no process can be started there.

export class EmulatorError extends Error {
  name = "EmulatorError";
}

export class Emulator {
  static async start() {
    throw new EmulatorError(
      "framekey/emulator starts a process and needs Node: start it there, and give the page its `baseUrl` and `apiKey`",
    );
  }
}
