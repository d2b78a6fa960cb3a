// Running notices and dead jobs again. What it would do is shown first; only then is there a button that does it.

import { act } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { dialog } from "/assets/admin/press.js";
import { tell } from "/assets/admin/told.js";
import { chip, idLink, plain } from "/assets/admin/words.js";

function table(heads, rows) {
  const head = make("tr", {}, heads.map((text) => make("th", { scope: "col" }, text)));
  return make("div", { class: "scroll foreseen", tabindex: "0", role: "region", "aria-label": "What would happen" }, make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
}

function counted(told, shown, one, many, doing) {
  const rest = shown < told.count ? ` The first ${shown} are shown.` : "";
  return [
    make("p", {}, `${told.count.toLocaleString()} ${told.count === 1 ? one : many}; ${doing}.${rest}`),
    told.count > told.cap && make("p", { class: "trouble" }, `At most ${told.cap} may run at once: please filter further.`),
  ];
}

function foreseenReplays(told) {
  const rows = told.replays.map((one) =>
    make("tr", {}, make("td", {}, idLink(`/console/webhook-logs/${one.noticeId}`, one.noticeId, { target: "_blank" })),
      make("td", {}, one.change ? chip(plain(one.change), "wait") : chip("nothing", "calm")), make("td", {}, one.why)),
  );
  const doing = told.replays.filter((one) => one.change).length;
  return [counted(told, rows.length, "notice", "notices", `${doing} would change something`), table(["Notice", "Would do", "Why"], rows)];
}

function foreseenJobs(told) {
  const rows = told.jobs.map((one) =>
    make("tr", {}, make("td", {}, idLink(`/console/jobs/${one.jobId}`, one.jobId, { target: "_blank" })), make("td", {}, one.actor),
      make("td", {}, one.sent ? chip("sent again", "wait") : chip("not sent", "calm")), make("td", {}, one.why || "")),
  );
  return [counted(told, rows.length, "dead job", "dead jobs", `${told.sent} would be sent again`), table(["Job", "Actor", "Would be", "Why"], rows)];
}

// Asks for a reason, shows the dry run, then runs. wish: {title, says, path, body, counts, verb, foreseen(told), done(answer), after}.
function rehearse(wish) {
  const reason = make("textarea", { id: "replay-reason", name: "reason", rows: "2", required: true, minlength: "3", maxlength: "500" });
  const seen = make("div", { "aria-live": "polite" });
  const told = make("p", { class: "trouble", role: "alert", hidden: true });
  const button = make("button", {}, "See what it would do");
  const quit = make("button", { class: "quiet", type: "button" }, "Cancel");
  const form = make("form", {}, make("div", { class: "field" }, make("label", { for: "replay-reason" }, "Reason"), reason, make("p", { class: "hint" }, "Kept in the record, with your name.")), seen, told, make("div", { class: "buttons" }, button, quit));
  const box = dialog({ ...wish, nodes: form });
  box.classList.add("wide");
  let expected = null; // the count of the dry run, once there was one
  let key = crypto.randomUUID();

  async function once() {
    if (expected === null) {
      const foresight = await act(wish.path, { ...wish.body, reason: reason.value.trim(), dryRun: true });
      refill(seen, ...wish.foreseen(foresight).flat());
      if (!foresight.count || foresight.count > foresight.cap || foresight.sent === 0) return;
      expected = foresight.count;
      button.textContent = expected === 1 ? `${wish.verb} it again` : `${wish.verb} these ${expected} again`;
      return;
    }
    const answer = await act(wish.path, { ...wish.body, reason: reason.value.trim(), ...(wish.counts && { expected }) }, { key: `console-${key}` });
    box.close();
    tell(wish.done(answer));
    await wish.after?.(answer);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.hidden = true;
    try {
      await once();
    } catch (error) {
      if (error.status) {
        key = crypto.randomUUID();
        expected = null; // what was seen no longer holds: it is looked at anew
        button.textContent = "See what it would do";
      }
      told.textContent = error.message;
      told.hidden = false;
    } finally {
      button.disabled = false;
      button.focus();
    }
  });
  quit.addEventListener("click", () => box.close());
  reason.focus();
}

export function replayOne(found, after) {
  rehearse({
    title: "Replay this notice",
    says: "It goes through the same doors as the first time. First you see what that would do.",
    path: `/admin/webhook-logs/${found.id}/replay`,
    body: {},
    verb: "Run",
    foreseen: foreseenReplays,
    done: () => "The notice is queued to run again.",
    after,
  });
}

const said = (filter) => Object.entries(filter).map(([name, value]) => ` with ${name} ${value}`).join(",") || ", without any filter";

export function replayMany(filter) {
  rehearse({
    title: "Replay all of these",
    says: `All notices${said(filter)}. They run one after another, and only if their count is still the one that you saw.`,
    path: "/admin/webhook-logs/replay",
    body: filter,
    counts: true,
    verb: "Run",
    foreseen: foreseenReplays,
    done: (answer) => `${answer.count} notices run again within ${Math.ceil(answer.seconds)} seconds.`,
  });
}

export function retryMany(filter, after) {
  rehearse({
    title: "Send all of these again",
    says: `All dead jobs${said(filter)}. They are sent only if their count is still the one that you saw.`,
    path: "/admin/jobs/retry",
    body: filter,
    counts: true,
    verb: "Send",
    foreseen: foreseenJobs,
    done: (answer) => `${answer.sent} of ${answer.count} dead jobs were sent again.`,
    after,
  });
}
