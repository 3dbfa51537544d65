// Made-up conversations: as long as people's messages are, with words as frequent as words are (Zipf).

/** xorshift32: the same history at every run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 <= n < 1 */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** 0 <= n < end */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

/** The most frequent words stand first. */
const COMMON =
  'the I to a you it and that of in is me for on my not be have we do this with so are just but was what at like your can if know how no yes get all one out will up think good when go about see they there from now time some or don’t okay here he as then want an thanks let work she really today tomorrow back need well more right would because meeting could sure been had him her them should too off got people over an hour way make did say ich nicht und das ist ja schon morgen vielleicht Straße für über schön Grüße'.split(
    ' ',
  );
const RARE_WORDS = 40_000;
const SYLLABLES =
  'ba be bo ca ce co da de do fa fi fo ga ge go ha hi ho ka ki ko la le li lo lu ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi wa we ter ning ment tion ver stra'.split(
    ' ',
  );
const CHINESE = Array.from(
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔吃飞机票晚饭',
);
const THAI =
  'ฉัน คุณ เขา เรา ไป มา กิน ข้าว น้ำ บ้าน ทำ งาน วันนี้ พรุ่งนี้ เมื่อวาน ดี ไม่ ใช่ ครับ ค่ะ ขอบคุณ สวัสดี รัก เพื่อน โรงเรียน ตลาด รถ เวลา ที่ และ ของ ได้ จะ อยู่ มี แล้ว อะไร ทำไม เท่าไหร่ สนุก ร้อน ฝน เชียงใหม่ กรุงเทพ'.split(
    ' ',
  );
const EMOJI = ['😀', '👍', '❤️', '🎉', '😂', '🙏', '🇩🇪', '👩‍👩‍👧'];

/** Every text of a history; the n-th one with the n-th call. */
export class Texts {
  readonly #dice: Dice;
  readonly #words: readonly string[];

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#words = [...COMMON, ...Array.from({ length: RARE_WORDS }, () => this.#rareWord())];
  }

  next(): string {
    const script = this.#dice.next();
    if (script < 0.05) return this.#run(CHINESE, 4, 40);
    if (script < 0.08) return this.#run(THAI, 2, 14);
    const words = Array.from({ length: this.#length() }, () => this.#word());
    if (this.#dice.next() < 0.1) words.push(this.#dice.pick(EMOJI));
    return words.join(' ');
  }

  /** 1 to 120 words, half of all texts with fewer than 8. */
  #length(): number {
    const normal = this.#dice.next() + this.#dice.next() + this.#dice.next() - 1.5;
    return Math.min(120, Math.max(1, Math.round(8 * Math.exp(1.6 * normal))));
  }

  /** The n-th of all words about 1/n as often as the first one. */
  #word(): string {
    const rank = Math.floor((this.#words.length + 1) ** this.#dice.next()) - 1;
    return this.#words[rank] ?? 'word';
  }

  #run(parts: readonly string[], least: number, most: number): string {
    const length = least + this.#dice.below(most - least);
    // The square makes the first ones frequent.
    const pick = (): string => parts[Math.floor(this.#dice.next() ** 2 * parts.length)] ?? '';
    return Array.from({ length }, pick).join('');
  }

  #rareWord(): string {
    return Array.from({ length: 2 + this.#dice.below(3) }, () => this.#dice.pick(SYLLABLES)).join('');
  }
}
