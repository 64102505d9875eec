import { beforeEach, describe, expect, test } from "vitest";
import { Front, type FrontSetting } from "../src/wire/front.ts";

class Browser {
  stored = new Map<string, string>();
  location = { href: "", hash: "" };
  traded: string[] = [];
  proven = 0;
  dead = false;
  answer: () => Promise<string> = () => Promise.resolve("proof-1");

  open(href: string): Front {
    this.location = { href, hash: new URL(href).hash };
    const storage = {
      getItem: (key: string) => this.stored.get(key) ?? null,
      setItem: (key: string, value: string) => void this.stored.set(key, value),
    };
    const setting: FrontSetting = {
      location: this.location,
      dropHash: () => Object.assign(this.location, { href: this.location.href.replace(/#.*/, ""), hash: "" }),
      storage: () => {
        if (this.dead) throw new Error("SecurityError");
        return storage;
      },
      trade: (token) => {
        this.traded.push(`${token} at ${this.location.href}`);
        return this.answer();
      },
    };
    return new Front(setting, () => this.proven++);
  }
}

describe("a link with a token", () => {
  let browser: Browser;
  beforeEach(() => (browser = new Browser()));

  test("gives a proof, and is out of the address before anything waits", async () => {
    const front = browser.open("http://h:1/?session=a#front=T");
    expect(front.proof()).toBeUndefined();
    const taken = front.take();
    expect(browser.traded).toEqual(["T at http://h:1/?session=a"]);
    await taken;
    expect([front.proof(), browser.proven]).toEqual(["proof-1", 1]);
  });

  test("is traded once; the proof is there after a reload, and in another tab", async () => {
    const other = browser.open("http://h:1/?session=b");
    const front = browser.open("http://h:1/?session=a#front=T");
    await front.take();
    await front.take();
    const again = browser.open(browser.location.href);
    await again.take();
    expect([again.proof(), other.proof(), browser.traded.length, browser.proven]).toEqual(["proof-1", "proof-1", 1, 1]);
  });

  test("that is refused takes away no proof, and throws nothing", async () => {
    await browser.open("http://h:1/?session=a#front=T").take();
    browser.answer = () => Promise.reject(new Error("used"));
    const front = browser.open("http://h:1/?session=a#front=U");
    await front.take();
    expect([front.proof(), browser.proven, browser.location.hash]).toEqual(["proof-1", 1, ""]);
  });

  test("is good for as long as the page where nothing can be stored", async () => {
    browser.dead = true;
    const front = browser.open("http://h:1/?session=a#front=T");
    await front.take();
    expect(front.proof()).toBe("proof-1");
    expect(browser.open("http://h:1/?session=a").proof()).toBeUndefined();
  });

  test("speaks for the server at its own path alone", async () => {
    await browser.open("http://h/one/?session=a#front=T").take();
    expect(browser.open("http://h/one/?session=b").proof()).toBe("proof-1");
    expect(browser.open("http://h/two/?session=a").proof()).toBeUndefined();
  });
});

test("another fragment is left alone", async () => {
  const browser = new Browser();
  await browser.open("http://h:1/?session=a#somewhere").take();
  expect([browser.traded, browser.location.hash]).toEqual([[], "#somewhere"]);
});
