"""The cue words in all reviewed languages: how many there are of each class, and what short headlines are found to hold."""

from collections import Counter
from typing import Final

import pytest

from processors.reading import read
from processors.taxonomy import Kind, Taxonomy

REVIEWED: Final = ("en", "ur", "ar", "zh", "fa", "hi", "bn", "ko", "ja", "tr", "fr", "ru", "es", "de", "pt", "id")
LEAST_TERMS: Final = 4  # of one class in one language, each folded spelling counted once
EDGELESS: Final = frozenset({"zh", "ja", "ko", "th"})

CALL: Final = "actors:envoy actors:minister engagement:meet"
SIGNED: Final = "engagement:sign"
TRAINED: Final = "actors:delegation engagement:train"
BANNED: Final = "engagement:ban"
SPORT: Final = "frames:sport"
CRIME: Final = "frames:crime"
SCHOLARSHIP: Final = "frames:scholarship"
LAUNCH: Final = "frames:launch"

SENTENCES: Final = {
    "en": [
        (CALL, "Turkish ambassador calls on IT minister"),
        (SIGNED, "Two countries sign memorandum on digital services"),
        (TRAINED, "Visiting delegation attends training on e-government"),
        (BANNED, "Authorities banned the equipment maker"),
        (SPORT, "Midfielder scored twice in the league match"),
        (CRIME, "Police arrested four suspects over a SIM scam"),
        (SCHOLARSHIP, "Scholarships for postgraduate study announced"),
        (LAUNCH, "New smartphone goes on sale with a larger battery"),
    ],
    "ur": [
        (CALL, "وفاقی وزیر آئی ٹی سے جاپان کے سفیر کی ملاقات"),
        (SIGNED, "دونوں ممالک نے مفاہمتی یادداشت پر دستخط کر دیے"),
        (TRAINED, "افغان وفد نے سائبر سکیورٹی کی تربیت مکمل کی"),
        (BANNED, "حکومت نے ایپ پر پابندی لگا دی"),
        (SPORT, "ٹورنامنٹ کے فائنل میں کھلاڑی زخمی"),
        (CRIME, "پولیس نے فراڈ کے ملزم گرفتار کر لیے"),
        (SCHOLARSHIP, "طلبہ کے لیے اسکالرشپ کا اعلان"),
        (LAUNCH, "نیا اسمارٹ فون متعارف، کیمرہ اور بیٹری بہتر"),
    ],
    "ar": [
        (CALL, "وزير الاتصالات يستقبل سفير الهند"),
        (SIGNED, "توقيع مذكرة تفاهم في مجال التحول الرقمي"),
        (TRAINED, "وفد من الخبراء يشارك في دورة تدريبية"),
        (BANNED, "الحكومة تحظر معدات الشركة"),
        (SPORT, "لاعب المنتخب يسجل في مباراة الكأس"),
        (CRIME, "القبض على عصابة احتيال إلكتروني"),
        (SCHOLARSHIP, "منح دراسية للطلاب في الخارج"),
        (LAUNCH, "طرح هاتف جديد بكاميرا أفضل والسعر أقل"),
    ],
    "zh": [
        (CALL, "工信部部长会见法国大使"),
        (SIGNED, "两国签署数字经济谅解备忘录"),
        (TRAINED, "考察团参加电信培训班"),
        (BANNED, "政府禁止使用该公司设备"),
        (SPORT, "球队在决赛中夺冠"),
        (CRIME, "警方抓获电信诈骗团伙"),
        (SCHOLARSHIP, "大学公布留学生奖学金名额"),
        (LAUNCH, "新机发布会公布摄像头和售价"),
    ],
    "fa": [
        (CALL, "وزیر ارتباطات با سفیر چین دیدار کرد"),
        (SIGNED, "تفاهم‌نامه همکاری دیجیتال امضا شد"),
        (TRAINED, "هیئت افغان در دوره آموزشی شرکت کرد"),
        (BANNED, "تحریم تازه علیه شرکت مخابراتی"),
        (SPORT, "بازیکن تیم ملی در لیگ گل زد"),
        (CRIME, "پلیس باند کلاهبرداری را دستگیر کرد"),
        (SCHOLARSHIP, "اعطای بورسیه به دانشجویان"),
        (LAUNCH, "رونمایی از گوشی با دوربین قوی‌تر"),
    ],
    "hi": [
        (CALL, "केंद्रीय मंत्री से जापान के राजदूत ने मुलाकात की"),
        (SIGNED, "दोनों देशों ने समझौता ज्ञापन पर हस्ताक्षर किए"),
        (TRAINED, "विदेशी प्रतिनिधिमंडल को साइबर प्रशिक्षण दिया गया"),
        (BANNED, "सरकार ने ऐप पर प्रतिबंध लगाया"),
        (SPORT, "क्रिकेट टीम ने फाइनल मैच जीता"),
        (CRIME, "पुलिस ने ठगी के आरोपी गिरफ्तार किए"),
        (SCHOLARSHIP, "छात्रों के लिए छात्रवृत्ति की घोषणा"),
        (LAUNCH, "नया स्मार्टफोन लॉन्च, कैमरा और बैटरी दमदार"),
    ],
    "bn": [
        (CALL, "প্রতিমন্ত্রীর সঙ্গে জাপানের রাষ্ট্রদূতের সাক্ষাৎ"),
        (SIGNED, "দুই দেশের মধ্যে সমঝোতা স্মারক স্বাক্ষর"),
        (TRAINED, "বিদেশি প্রতিনিধিদল প্রশিক্ষণে যোগ দিয়েছে"),
        (BANNED, "অ্যাপটি নিষিদ্ধ করেছে সরকার"),
        (SPORT, "ক্রিকেট বিশ্বকাপের ম্যাচে জয়"),
        (CRIME, "প্রতারণা চক্রের চারজনকে গ্রেপ্তার করেছে পুলিশ"),
        (SCHOLARSHIP, "শিক্ষার্থীদের জন্য স্কলারশিপ ঘোষণা"),
        (LAUNCH, "নতুন স্মার্টফোনের ক্যামেরা ও দাম প্রকাশ"),
    ],
    "ko": [
        (CALL, "과기정통부 장관, 주한 인도대사 면담"),
        (SIGNED, "양국, 디지털 협력 양해각서 체결"),
        (TRAINED, "베트남 대표단 초청연수 실시"),
        (BANNED, "정부, 해당 장비 사용 금지"),
        (SPORT, "축구 국가대표 선수 결승골로 우승"),
        (CRIME, "경찰, 보이스피싱 일당 검거"),
        (SCHOLARSHIP, "외국인 유학생 장학금 확대"),
        (LAUNCH, "신제품 스마트폰 출시, 카메라 개선"),
    ],
    "ja": [
        (CALL, "総務大臣、駐日フランス大使と会談"),
        (SIGNED, "両国、デジタル分野の覚書に署名"),
        (TRAINED, "ベトナムの視察団がサイバー研修に参加"),
        (BANNED, "政府、通信機器の使用を禁止"),
        (SPORT, "サッカー代表が決勝で優勝"),
        (CRIME, "警視庁、詐欺容疑で四人を逮捕"),
        (SCHOLARSHIP, "留学生向け奨学金を新設"),
        (LAUNCH, "新製品のスマートフォンを発売、価格を公表"),
    ],
    "tr": [
        (CALL, "Ulaştırma ve Altyapı Bakanı, Japonya Büyükelçisi ile görüştü"),
        (SIGNED, "İki ülke mutabakat zaptı imzaladı"),
        (TRAINED, "Özbek heyeti siber güvenlik eğitimine katıldı"),
        (BANNED, "Uygulamaya erişim yasağı getirildi"),
        (SPORT, "Futbol takımı kupa maçını kazandı"),
        (CRIME, "Dolandırıcılık şüphelileri tutuklandı"),
        (SCHOLARSHIP, "Öğrencilere burs verilecek"),
        (LAUNCH, "Akıllı telefon kamerasıyla tanıtıldı, fiyatı belli oldu"),
    ],
    "fr": [
        (CALL, "Le ministre du Numérique s'entretient avec l'ambassadeur du Japon"),
        (SIGNED, "Les deux pays signent un protocole d'accord"),
        (TRAINED, "Une délégation suit une formation à la cybersécurité"),
        (BANNED, "L'équipement est interdit sur les réseaux"),
        (SPORT, "Le joueur remporte la finale du championnat"),
        (CRIME, "La gendarmerie interpelle un réseau d'escrocs"),
        (SCHOLARSHIP, "Des bourses d'études pour les étudiants étrangers"),
        (LAUNCH, "Un nouveau smartphone avec une meilleure batterie en vente"),
    ],
    "ru": [
        (CALL, "Министр цифрового развития встретился с послом Японии"),
        (SIGNED, "Стороны подписали меморандум о сотрудничестве"),
        (TRAINED, "Делегация прошла обучение кибербезопасности"),
        (BANNED, "Введён запрет на оборудование"),
        (SPORT, "Сборная выиграла матч чемпионата"),
        (CRIME, "Полиция задержала мошенников"),
        (SCHOLARSHIP, "Студентам назначены стипендии"),
        (LAUNCH, "Новый смартфон получил камеру и дисплей"),
    ],
    "es": [
        (CALL, "El ministro de Telecomunicaciones recibió al embajador de Japón"),
        (SIGNED, "Ambos países firman un memorando de entendimiento"),
        (TRAINED, "Una delegación participa en un curso de ciberseguridad"),
        (BANNED, "El gobierno prohíbe los equipos"),
        (SPORT, "El jugador ganó la copa y el campeonato"),
        (CRIME, "La policía detuvo a una banda criminal por estafa"),
        (SCHOLARSHIP, "Ofrecen becas para estudiantes"),
        (LAUNCH, "Nuevo smartphone a la venta con mayor batería"),
    ],
    "de": [
        (CALL, "Digitalminister trifft den japanischen Botschafter"),
        (SIGNED, "Beide Länder unterzeichnen ein Abkommen"),
        (TRAINED, "Delegation besucht Schulung zur Cybersicherheit"),
        (BANNED, "Regierung verbietet Bauteile des Herstellers"),
        (SPORT, "Die Mannschaft gewinnt das Turnier"),
        (CRIME, "Polizei nimmt Verdächtige nach Betrug fest"),
        (SCHOLARSHIP, "Stipendien für Studierende ausgeschrieben"),
        (LAUNCH, "Neues Smartphone mit besserer Kamera vorgestellt"),
    ],
    "pt": [
        (CALL, "Ministra das Comunicações recebeu o embaixador do Japão"),
        (SIGNED, "Os dois países assinam um memorando"),
        (TRAINED, "Delegação participa em formação de cibersegurança"),
        (BANNED, "Governo proíbe equipamentos"),
        (SPORT, "O jogador venceu o campeonato de futebol"),
        (CRIME, "A polícia deteve suspeitos de burla"),
        (SCHOLARSHIP, "Abertas bolsas de estudo de mestrado"),
        (LAUNCH, "Novo smartphone à venda com melhor câmera"),
    ],
    "id": [
        (CALL, "Menkomdigi bertemu Dubes Jepang di Jakarta"),
        (SIGNED, "Kedua negara menandatangani nota kesepahaman"),
        (TRAINED, "Delegasi mengikuti pelatihan keamanan siber"),
        (BANNED, "Pemerintah melarang perangkat itu"),
        (SPORT, "Timnas menang di pertandingan sepak bola"),
        (CRIME, "Polisi menangkap tersangka penipuan"),
        (SCHOLARSHIP, "Beasiswa untuk mahasiswa dibuka"),
        (LAUNCH, "Ponsel baru dengan kamera dan baterai besar"),
    ],
}

# Textiles, farming, defence, water, health, tourism, broadcasting: one word each, in this order.
OTHER_SUBJECTS: Final = {
    "en": "textiles|agriculture|defence|water|health|tourism|broadcasting",
    "ur": "ٹیکسٹائل|زراعت|دفاع|پانی|صحت|سیاحت|نشریات",
    "ar": "المنسوجات|الزراعة|الدفاع|المياه|الصحة|السياحة|الإعلام",
    "zh": "纺织|农业|国防|水利|卫生|旅游|广播电视",
    "fa": "نساجی|کشاورزی|دفاعی|آب|بهداشت|گردشگری|رسانه",
    "hi": "वस्त्र|कृषि|रक्षा|जल|स्वास्थ्य|पर्यटन|प्रसारण",
    "bn": "বস্ত্র|কৃষি|প্রতিরক্ষা|পানি|স্বাস্থ্য|পর্যটন|সম্প্রচার",
    "ko": "섬유|농업|국방|수자원|보건|관광|방송",
    "ja": "繊維|農業|防衛|水資源|保健|観光|放送",
    "tr": "tekstil|tarım|savunma|sulama|sağlık|turizm|televizyon",
    "fr": "textile|agriculture|défense|eau|santé|tourisme|audiovisuel",
    "ru": "текстиль|сельское хозяйство|оборона|водные ресурсы|здравоохранение|туризм|телевидение",
    "es": "textil|agricultura|defensa|agua|salud|turismo|televisión",
    "de": "Textilien|Landwirtschaft|Verteidigung|Wasser|Gesundheit|Tourismus|Rundfunk",
    "pt": "têxteis|agricultura|defesa|água|saúde|turismo|televisão",
    "id": "tekstil|pertanian|pertahanan|irigasi|kesehatan|pariwisata|penyiaran",
}

# Headlines with a word that is spelled like one of the class and means something else.
NOT_FOUND: Final = [
    ("ko", "actors:envoy", "통신망 공사 지연"),
    ("ko", "actors:head", "서비스 정상 운영"),
    ("ko", "engagement:meet", "보이스피싱 예방 홍보"),
    ("es", "frames:crime", "La banda ancha llega al campo"),
    ("es", "engagement:two_sides", "Un par de antenas nuevas"),
    ("fr", "frames:crime", "Un arrêté ministériel fixe les redevances"),
    ("hi", "frames:opinion", "दोनों पक्षों ने विचार-विमर्श किया"),
    ("en", "frames:sport", "Digital goals for sustainable development"),
    ("ja", "frames:rank", "国際的な地位に影響"),
    ("ru", "engagement:two_sides", "Сторонники реформы выступили"),
    ("ru", "frames:other_subject", "Электронные подписи признаны"),
    ("tr", "frames:scholarship", "Bursa'da yeni baz istasyonu"),
    ("tr", "engagement:train", "Bursa'da yeni baz istasyonu"),
    ("ur", "frames:scholarship", "وزارت داخلہ کا نوٹس"),
    ("zh", "frames:rank", "他是行业的榜样"),
]


def found_in(taxonomy: Taxonomy, language: str, title: str) -> set[str]:
    reading = read(taxonomy, title=title, lead="", body="", language=language)
    return {mark.entry.key for sentence in reading.sentences for mark in sentence.marks if mark.entry.kind is Kind.CUE}


def test_every_class_has_its_words_in_every_language(taxonomy: Taxonomy) -> None:
    spread: Counter[tuple[str, str]] = Counter()
    for term, entry in zip(taxonomy.search._terms, taxonomy.entries, strict=True):
        if entry.kind is Kind.CUE and term.language is not None:
            spread[entry.key, term.language] += 1
    classes = sorted({key for key, _ in spread})
    thin = {(name, language): spread[name, language] for name in classes for language in REVIEWED}
    assert {place: count for place, count in thin.items() if count < LEAST_TERMS} == {}


def test_no_word_of_one_character_is_looked_for_where_words_have_no_edges(taxonomy: Taxonomy) -> None:
    pairs = zip(taxonomy.search._terms, taxonomy.entries, strict=True)
    assert [term.text for term, entry in pairs if entry.kind is Kind.CUE and term.language in EDGELESS and len(term.text) < 2] == []


def test_every_reviewed_language_has_its_sentences() -> None:
    assert set(SENTENCES) == set(REVIEWED)


@pytest.mark.parametrize("language", REVIEWED)
def test_short_headlines_hold_their_classes(taxonomy: Taxonomy, language: str) -> None:
    missing = {title: set(classes.split()) - found_in(taxonomy, language, title) for classes, title in SENTENCES[language]}
    assert {title: names for title, names in missing.items() if names} == {}


@pytest.mark.parametrize("language", REVIEWED)
def test_other_subjects_are_known_in_every_language(taxonomy: Taxonomy, language: str) -> None:
    words = OTHER_SUBJECTS[language].split("|")
    assert [word for word in words if "frames:other_subject" not in found_in(taxonomy, language, word)] == []
    assert len(words) == 7


@pytest.mark.parametrize(("language", "name", "title"), NOT_FOUND)
def test_words_that_look_alike_are_not_found(taxonomy: Taxonomy, language: str, name: str, title: str) -> None:
    assert name not in found_in(taxonomy, language, title)
