import { Goalpost, useGoalpost, useTrack, useTrackOnce } from "goalpost/react";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Link, Outlet, Route, Routes } from "react-router";

function Home() {
  const track = useTrack();
  const { flush, trigger } = useGoalpost();
  // A child's effects come before those of what is around it, so before the SDK begins.
  useEffect(() => {
    void flush().then(() => (document.body.dataset.flushed = "yes"));
  }, []);
  return (
    <>
      <Link id="to-shoes" to="/shoes">Shoes</Link>
      <Link id="to-privacy" to="/privacy">Privacy</Link>
      <button onClick={() => track("demo_requested", { shop: "tokyo" })}>A fitting</button>
      <button onClick={() => trigger("size-found")}>My size</button>
    </>
  );
}

const Shoes = () => <Link id="to-thanks" to="/thanks">Buy</Link>;

function Thanks() {
  useTrackOnce("purchase", { order_id: "A1", value: 14800, currency: "JPY" });
  return <p id="thanks">Thank you</p>;
}

/** Tells the test that effects do run twice. */
function Twice() {
  useEffect(() => {
    document.body.dataset.effects += "x";
  }, []);
  return null;
}

function Privacy({ refuse }: { refuse: () => void }) {
  // A number as databases give it, which is no JSON.
  useTrackOnce("demo_requested", { shop: 7n as never });
  return (
    <>
      <button id="refuse" onClick={refuse}>Refuse</button>
      <Link id="to-home" to="/">Home</Link>
    </>
  );
}

/** The shop's own pages are tracked; those of its company are outside. */
function Shop() {
  const [consent, decide] = useState<"granted" | "denied">("granted");
  return (
    <Routes>
      <Route
        element={
          <Goalpost site="cloud-kicks" consent={consent}>
            <Outlet />
          </Goalpost>
        }
      >
        <Route path="/" element={<Home />} />
        <Route path="/shoes" element={<Shoes />} />
        <Route path="/thanks" element={<Thanks />} />
      </Route>
      <Route path="/privacy" element={<Privacy refuse={() => decide("denied")} />} />
    </Routes>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Twice />
    <BrowserRouter basename="/app">
      <Shop />
    </BrowserRouter>
  </StrictMode>,
);
