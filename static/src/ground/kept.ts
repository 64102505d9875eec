// What this browser keeps of how its viewer likes the ground: their own address, and whether the world is a globe. It
// never leaves the browser; where storage is switched off it lasts as long as the page.

const OWN = "mapsrv-own-ground";
const GLOBE = "mapsrv-globe";

const read = (key: string): string => {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
};

const write = (key: string, value: string): void => {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // as above
  }
};

export const keptAddress = (): string => read(OWN);
export const keepAddress = (address: string): void => write(OWN, address);
export const keptGlobe = (): boolean => read(GLOBE) === "yes";
export const keepGlobe = (globe: boolean): void => write(GLOBE, globe ? "yes" : "");
