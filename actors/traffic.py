"""What all workers know together about each provider's gate: one hash in Valkey, looked at by one script."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from bitloot.settings import Settings
from bitloot.traffic import MAX_WAIT, LocalTraffic, Rules, Shut, Standing, Traffic

__all__ = ["SharedTraffic", "share"]

log = structlog.get_logger(__name__)

#: What an answer of Valkey is worth waiting for (seconds): a call to a provider waits behind it.
TIMEOUT = 0.5

#: After Valkey did not answer, this process goes by itself for so long (seconds).
ALONE = 5.0

#: A record that nobody touched for so long (seconds) is forgotten.
KEPT = 86_400

#: Times are milliseconds of the server's clock, so that no two workers disagree about them. Numbers are written by
#: `text`: Lua's own way of writing a number would round it.
SCRIPT = """
local key, act, now_parts = KEYS[1], ARGV[1], redis.call('TIME')
local now = now_parts[1] * 1000 + math.floor(now_parts[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local function get(name) return redis.call('HGET', key, name) end
local function set(...) redis.call('HSET', key, ...); redis.call('EXPIRE', key, ARGV[2]) end

local failures, calls, writes = tonumber(get('failures') or 0), tonumber(get('calls')), tonumber(get('writes'))
local wait, flag = 0, 1

local function standing()
  local function left(till) if till then return text(till - now) end return '' end
  return {failures, left(calls), get('calls_why') or '', left(writes), get('writes_why') or '', text(wait), flag}
end

if act == 'ask' then
  local write, pause, interval, most = ARGV[3] == '1', tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
  local found = standing()
  if (calls and calls > now) or (write and writes and writes > now) then return found end
  if interval > 0 then
    wait = math.max((tonumber(get('next_free')) or 0) - now, 0)
    if wait > most then flag = 0 end
    if flag == 1 then set('next_free', string.format('%.3f', now + wait + interval)) end
    wait = math.ceil(wait)
    found[6], found[7] = text(wait), flag
    if flag == 0 then return found end
  end
  if calls then set('calls', text(now + pause)) end
  if write and writes then set('writes', text(now + pause)) end
  return found
elseif act == 'failed' then
  local threshold, window, pause = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  if failures == 0 or now - tonumber(get('first') or 0) > window then
    failures = 0
    set('first', text(now))
  end
  failures = failures + 1
  set('failures', failures)
  if calls or (threshold > 0 and failures >= threshold) then
    calls = now + pause
    set('calls', text(calls))
  end
elseif act == 'blocked' then
  local door, why, pause = ARGV[3], ARGV[4], tonumber(ARGV[5])
  if get(door) and get(door .. '_why') == why then flag = 0 end
  redis.call('HDEL', key, 'failures', 'first')
  set(door, text(now + pause), door .. '_why', why)
elseif act == 'worked' then
  redis.call('HDEL', key, 'failures', 'first', 'calls', 'calls_why')
  failures, calls = 0, nil
  if ARGV[3] == '1' then
    redis.call('HDEL', key, 'writes', 'writes_why')
    writes = nil
  end
end
return standing()
"""


class SharedTraffic:
    """`bitloot.traffic.Traffic` over Valkey, one round trip a look. While Valkey is away each process is alone."""

    def __init__(self, client: redis.Redis, namespace: str, alone: Traffic | None = None) -> None:
        self._script = client.register_script(SCRIPT)
        self._prefix = f"{namespace}:traffic:"
        self._alone = alone or LocalTraffic()
        self._away_until = 0.0

    def ask(self, provider: str, rules: Rules, *, write: bool, paced: bool) -> Standing:
        interval = rules.limit.interval if paced and rules.limit else 0
        told = ("ask", KEPT, int(write), rules.pause * 1000, interval * 1000, MAX_WAIT * 1000)
        return self._run(provider, told, lambda alone: alone.ask(provider, rules, write=write, paced=paced))

    def failed(self, provider: str, rules: Rules) -> Standing:
        told = ("failed", KEPT, rules.threshold, rules.window * 1000, rules.pause * 1000)
        return self._run(provider, told, lambda alone: alone.failed(provider, rules))

    def blocked(self, provider: str, why: str, seconds: float, *, writes_only: bool) -> bool:
        told = ("blocked", KEPT, "writes" if writes_only else "calls", why, seconds * 1000)

        def by_itself(alone: Traffic) -> Standing:
            news = alone.blocked(provider, why, seconds, writes_only=writes_only)
            return Standing(admitted=news)

        return self._run(provider, told, by_itself).admitted

    def worked(self, provider: str, *, write: bool) -> Standing:
        told = ("worked", KEPT, int(write))
        return self._run(provider, told, lambda alone: alone.worked(provider, write=write))

    def look(self, provider: str) -> Standing:
        return self._run(provider, ("look", KEPT), lambda alone: alone.look(provider))

    def _run(
        self, provider: str, told: tuple[str | float, ...], by_itself: Callable[[Traffic], Standing]
    ) -> Standing:
        if time.monotonic() < self._away_until:
            return by_itself(self._alone)
        try:
            return _read(self._script(keys=[self._prefix + provider], args=list(told)))
        except redis.RedisError as error:
            self._away_until = time.monotonic() + ALONE
            log.warning("each process by itself", action="traffic_alone", error=type(error).__name__)
            return by_itself(self._alone)


def _read(answer: list[bytes | int]) -> Standing:
    failures, calls, calls_why, writes, writes_why, wait, flag = (
        item.decode() if isinstance(item, bytes) else str(item) for item in answer
    )
    return Standing(
        int(failures), _shut(calls, calls_why), _shut(writes, writes_why), int(wait) / 1000, flag == "1"
    )


def _shut(left: str, why: str) -> Shut | None:
    return Shut(int(left) / 1000, why) if left else None


def share(settings: Settings) -> Traffic:
    """The traffic of all processes of this shop; of this one alone where the settings name no Redis."""
    url = settings.redis_url.get_secret_value()
    if not url:
        return LocalTraffic()
    never = Retry(NoBackoff(), 0)
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=never)
    return SharedTraffic(client, settings.queue_namespace)
