// Follows with web/console/live.js and prints each call as a line. Given {module, tokens, …options of follow}; whenever
// a fresh token is asked for, the next one of `tokens` is given.
const { module, tokens, ...options } = JSON.parse(process.argv[2]);
const { follow } = await import(module);
const tell = (call) => (told) => console.log(JSON.stringify({ call, told: told ?? null }));
const calls = Object.fromEntries(["onStart", "onEvent", "onReload", "onLink", "onEnd"].map((call) => [call, tell(call)]));
let given = 0;
const live = follow({
  ...options,
  ...calls,
  token(fresh) {
    if (fresh) given = Math.min(given + 1, tokens.length - 1);
    return tokens[given];
  },
});
process.stdin.on("data", () => live.stop());
process.stdin.unref?.();
