import { Goalpost, useGoalpost, useTrack, useTrackOnce } from "goalpost/react";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Link, Route, Routes } from "react-router";

function Home() {
  const track = useTrack();
  const { trigger } = useGoalpost();
  return (
    <>
      <Link id="to-shoes" to="/shoes">Shoes</Link>
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

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Goalpost site="cloud-kicks" consent="granted">
      <Twice />
      <BrowserRouter basename="/app">
        <Routes>
          <Route path="/" element={<Home />} />
          <Route path="/shoes" element={<Shoes />} />
          <Route path="/thanks" element={<Thanks />} />
        </Routes>
      </BrowserRouter>
    </Goalpost>
  </StrictMode>,
);
