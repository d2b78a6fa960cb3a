// Buys one key: places an order, says where to pay, waits for the keys, shows them.
// Every path, body and answer is typed by api.d.ts, which openapi-typescript makes of /openapi.json.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Placed = components["schemas"]["OrderPlaced"];
type Problem = components["schemas"]["ProblemDocument"];

const [shop = "http://127.0.0.1:8000", product = "orbit-drifters", email = "alice@example.com"] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: shop });

// What was asked for, or an end with the shop's own reason.
function done<T>(answer: { data?: T; error?: Problem; response: Response }): T {
  if (answer.data !== undefined) return answer.data;
  const { code = "no_answer", detail = "" } = answer.error ?? {};
  throw new Error(`${answer.response.status} ${code} ${detail}`.trim());
}

async function place(): Promise<Placed> {
  return done(
    await api.POST("/orders", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { email, payCurrency: "btc", items: [{ productId: product, quantity: 1 }] },
    }),
  );
}

async function untilFulfilled(orderId: string, headers: Record<string, string>): Promise<void> {
  for (;;) {
    const status = done(
      await api.GET("/fulfillment/{orderId}/status", { params: { path: { orderId } }, headers }),
    );
    if (status.status === "fulfilled") return;
    if (["failed", "expired", "review", "refund_due", "refunded"].includes(status.status)) {
      throw new Error(`the order is ${status.status}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const placed = await place();
const headers = { Authorization: `Bearer ${placed.accessToken}` };
const { payAmount, payCurrency, payAddress, paymentId } = placed.payment;
console.log(JSON.stringify({ order: placed.orderId, payment: paymentId, pay: `${payAmount} ${payCurrency}`, to: payAddress }));
await untilFulfilled(placed.orderId, headers);
const revealed = done(
  await api.POST("/fulfillment/{orderId}/reveal", { params: { path: { orderId: placed.orderId } }, headers }),
);
for (const { name, key } of revealed.keys) console.log(JSON.stringify({ name, key }));
