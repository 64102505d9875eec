// Whether this is a browser of the user who runs the server: the token of the link that opened this page, traded for a
// proof. The token leaves the address at once, so that no link that is copied has it. The proof stays in localStorage,
// which is this address's own; a cookie would go to whatever listens on another port of this host.

const MARK = "#front=";
const KEY = "mapsrv-front";

/** What this needs of a browser; storage throws where a person has switched it off. */
export interface FrontSetting {
  readonly location: { readonly href: string; readonly hash: string };
  dropHash(): void;
  readonly storage: () => Pick<Storage, "getItem" | "setItem">;
  trade(token: string): Promise<string>;
}

export class Front {
  private own: string | null = null; // where nothing can be stored, it lasts as long as the page

  constructor(private readonly setting: FrontSetting, private readonly proven: () => void) {}

  /** Of this browser: another tab may have got it meanwhile. */
  proof(): string | undefined {
    try {
      return this.setting.storage().getItem(this.key()) ?? this.own ?? undefined;
    } catch {
      return this.own ?? undefined;
    }
  }

  /** Trades the address's token, if it has one. A token that is refused changes nothing: what is known stays. */
  async take(): Promise<void> {
    const { hash } = this.setting.location;
    if (!hash.startsWith(MARK)) return;
    this.setting.dropHash();
    const proof = await this.setting.trade(hash.slice(MARK.length)).catch(() => null);
    if (proof === null) return;
    this.own = proof;
    try {
      this.setting.storage().setItem(this.key(), proof);
    } catch {
      // see above
    }
    this.proven();
  }

  // Servers behind one address differ by their paths.
  private key(): string {
    return `${KEY} ${new URL(".", this.setting.location.href).pathname}`;
  }
}
