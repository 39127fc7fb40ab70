"""Where banners, share lines and pointers to other stories stand: text that is never evidence."""

import re
from typing import Final

_LINE: Final = re.compile(r"[^\n]+")
# Whole lines only, and short ones: a sentence of an article that mentions cookies stays.
_PHRASES: Final = re.compile(
    r"accept (?:all )?cookies|manage (?:settings|cookies|preferences)|we use cookies|cookie (?:policy|settings|consent)|"
    r"privacy policy|subscribe (?:to|now)|sign up (?:for|to)|newsletter|follow (?:us|the|our)|share (?:this|on)|leave a (?:reply|comment)|"
    r"all rights reserved|copyright ©|©|read (?:more|also|next)|also read|see also|related (?:stories|news|articles|posts|headlines)|more from|"
    r"recommended for you|most (?:read|popular)|advertisement|whatsapp channel|download (?:the|our) app|click here|"
    r"مزید پڑھیں|یہ بھی پڑھیں|سبسکرائب|اقرأ أيضا|اقرأ أيضاً|اقرأ المزيد|تابعونا|جميع الحقوق محفوظة|ملفات تعريف الارتباط|"
    r"相关阅读|相關新聞|相关新闻|延伸阅读|版权所有|责任编辑|扫码关注|관련기사|무단전재|재배포 금지|구독|関連記事|無断転載|"
    r"ilgili haberler|ayrıca okuyun|tüm hakları saklıdır|çerez|à lire aussi|lire aussi|tous droits réservés|abonnez-vous|cookies|"
    r"читайте также|все права защищены|подписывайтесь|lea también|le puede interesar|todos los derechos reservados|leia também|leia mais|"
    r"todos os direitos reservados|lesen sie auch|mehr zum thema|alle rechte vorbehalten|بیشتر بخوانید|مطالب مرتبط|यह भी पढ़ें|ये भी पढ़ें|"
    r"আরও পড়ুন|আরও পড়ুন|baca juga|ikuti kami",
    re.IGNORECASE,
)
_LONGEST_LINE: Final = 160


def boilerplate_spans(text: str) -> list[tuple[int, int]]:
    """Return [start, end) of each line of `text` that is a banner, a share line or a pointer elsewhere."""
    return [
        (line.start(), line.end())
        for line in _LINE.finditer(text)
        if line.end() - line.start() <= _LONGEST_LINE and _PHRASES.search(line.group())
    ]
