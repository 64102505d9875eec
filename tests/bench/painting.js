// What painting.py has a page measure of itself.

window.painted = (lngLat) => {
    const map = mapsrv.map, gl = map.getCanvas().getContext("webgl2"), pixel = new Uint8Array(4);
    const read = () => {
        const { x, y } = map.project(lngLat), ratio = gl.drawingBufferHeight / map.getCanvas().clientHeight;
        gl.readPixels(x * ratio, gl.drawingBufferHeight - y * ratio, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        return [...pixel];
    };
    window.done = new Promise((ready) => map.once("render", () => {
        const before = read();
        window.found = new Promise((found) => map.on("render", function look() {
            if (read().every((value, at) => Math.abs(value - before[at]) < 12)) return;
            map.off("render", look);
            found(performance.timeOrigin + performance.now());
        }));
        ready();
    }));
    map.triggerRepaint();
    return window.done;
};
// Without the event, by which the whole map, with all its data, would be written down for who asks.
window.rested = () => new Promise((done) => {
    mapsrv.map.once("idle", () => done());
    mapsrv.map.triggerRepaint();
});
window.panned = (seconds) => new Promise((done) => {
    const map = mapsrv.map, begun = performance.now();
    let frames = 0;
    map.on("render", function count() {
        const now = performance.now() - begun;
        frames += 1;
        if (now > seconds * 1000) { map.off("render", count); done(frames * 1000 / now); }
        else map.panBy([now % 2000 < 1000 ? 5 : -5, 0], { duration: 0 });
    });
    map.panBy([5, 0], { duration: 0 });
});
window.tasks = () => {
    const { port1, port2 } = new MessageChannel();
    let last = performance.now(), longest = 0;
    port1.onmessage = () => {
        const now = performance.now();
        [longest, last] = [Math.max(longest, now - last), now];
        port2.postMessage(0);
    };
    port2.postMessage(0);
    return () => { port1.close(); return longest; };
};
