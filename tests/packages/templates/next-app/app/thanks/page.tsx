"use client";

import { useTrackOnce } from "goalpost/next";

export default function Thanks() {
  useTrackOnce("purchase", { order_id: "A1", value: 14800, currency: "JPY" });
  return <p id="thanks">Thank you</p>;
}
