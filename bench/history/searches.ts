/** What people look for: frequent and rare words, beginnings of one letter and more, several words, scripts without spaces. */
export const SEARCHES: readonly string[] = [
  ['the', 'I', 'okay', 'really', 'meeting', 'vielleicht', 'strasse', 'Grüße', 'don’t'],
  ['t', 'a', 'm', 'b', 's', 'z', 'th', 'me', 'ko', 'tho', 'mee', 'ver', 'stra'],
  ['ment', 'meeti', 'reall', 'tomo', 'kolami', 'bafeto', 'zzz', 'qwertz'],
  ['the meeting', 'see you tomorrow', 'i you the to', 'mor stra', 'kola the', 'the kolami', 'ver ment tion'],
  ['的', '票', '我们', '飞机', '这个', '是不了在', '飞机票', '中来上', '的一是不'],
  ['ก', 'กิน', 'น้ำ', 'ขอบคุณ', 'กินข้าว', 'เชียงใหม่', 'วันนี้ไป'],
  ['👍', '🇩🇪', '👩', 'the 👍'],
].flat();
