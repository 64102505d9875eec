declare module "virtual:ground" {
  /** Of the tiles that were cut with this page. */
  export const version: string;
}
