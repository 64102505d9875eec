// Names as people write them. Natural Earth has some in capitals, some with letters lost on their way, some with the
// numbers of gauges; abbreviations are spelled out. A name that cannot be put right is left out: none is better. Pure.
// @ts-check

/** What no rule finds. "" leaves a name out. @type {{ [name: string]: string }} */
const KNOWN = {
  Bodensee: "Lake Constance", Vierwaldstttersee: "Vierwaldstättersee", "ZUERICH SEE": "Zürichsee", "ZUGER SEE": "Zugersee",
  "THUNER SEE": "Thunersee", "BRIENZER SEE": "Brienzersee", "BIELER SEE": "Bielersee", MURTENSEE: "Murtensee",
  Neuchatel: "Lac de Neuchâtel", "Lago di Lugano - Ceresio": "Lago di Lugano", ARRESOE: "Arresø", CHIEMSEE: "Chiemsee",
  Trasimeno: "Lago Trasimeno", "Sainte-Croix": "Lac de Sainte-Croix", "Klpinsee": "Kölpinsee", "Jezioro ebsko": "Jezioro Łebsko",
  Stornavan: "Storavan", "Lac Moeru": "Lake Mweru", "Pskoyskoye O.": "Lake Pskov", "Lagoa Minim": "Lagoa Mirim",
  "Zalev Wislany": "Zalew Wiślany", "Cero Raya": "Cerro Raya", Dnepre: "Dnieper", "Doirani Lake - Doirani Community": "Lake Doiran",
  "Balta Bistre?": "", Blsj: "", Mr: "", Mjrn: "Mjörn", Pjärvi: "", Dam: "", Drkiai: "", Baven: "Båven", Msvatn: "Møsvatn",
  "Krderen": "Krøderen", "Flvatn": "", "Jlstravatnet": "Jølstravatnet", "Mckeln": "Möckeln", "Ivsjn": "Ivösjön", "Tyrjrvi": "",
  htrinjärvi: "", nttijärvi: "", "Sysmjärvi": "", Kyrsjärvi: "", "Lngelmenjärvi": "Längelmävesi", Pyhjärvi: "Pyhäjärvi",
  "Uljua syvnne": "", "Hiidenvesi syvnne 90": "Hiidenvesi", "Middle of Poroszl basin": "", "Liman near Odessa": "",
  "Liman in Primorsko-Akhtarsk area": "", "Isojärvi Sotamiehenluoto": "Isojärvi", "Jrebchevo": "Zhrebchevo", "Aksehir Gl": "Akşehir Gölü",
  "Kyceiz Golu": "Köyceğiz Gölü", Asunden: "Åsunden", Gystvatnet: "", "Bangsjene": "", "North Caspian swamp": "", Gopo: "Gopło",
  "Inner Seas": "", "Inner Sea": "", "The North Western Passages": "Northwest Passage", "Great Barrier Reef": "Great Barrier Reef",
  "Golfo de California": "Gulf of California", Huang: "Yellow River", "Chang Jiang": "Yangtze", Amazonas: "Amazon",
};

const RULES = /** @type {[RegExp, string][]} */ ([
  [/\s+/g, " "],
  [/ \d+$/, ""],
  [/^(.+) \((Lough)\)$/, "$2 $1"],
  [/^L\. /, "Lake "],
  [/ L\.$/, " Lake"],
  [/^O\. /, "Ozero "],
  [/ Res\.$/, " Reservoir"],
  [/^Rés\. /, "Réservoir "],
  [/^R\. /, "Rivière "],
  [/^Ft\. /, "Fort "],
  [/^Mt\. /, "Mount "],
  [/ Pk\.$/, " Peak"],
  [/^([NS])\. (Fork|Branch) /, "$2 "],
  [/^Gora |^Pik Imeni /, ""],
  [/(?<=[a-z])sjn$/, "sjön"],
  [/(?<=[a-z])sjen$/, "sjøen"],
  [/ (?:Golu|Gl)$/, " Gölü"],
  [/ Ezers$/, " ezers"],
  [/selka$/, "selkä"],
]);

/** @param {string | undefined} name @returns {string} empty where there is none */
export function nameOf(name) {
  const plain = (name ?? "").trim().replace(/\s+/g, " ");
  const ruled = RULES.reduce((text, [sign, instead]) => text.replace(sign, instead), plain);
  return KNOWN[plain] ?? KNOWN[ruled] ?? lowered(ruled);
}

/** Capitals after the first letter of each word become small, where a name is all capitals. @param {string} name */
const lowered = (name) =>
  name.length > 3 && name === name.toLocaleUpperCase()
    ? name.toLocaleLowerCase().replace(/(^|[\s-])(\p{L})/gu, (_, before, letter) => before + letter.toLocaleUpperCase())
    : name;
