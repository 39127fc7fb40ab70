"""The words that open or hold text that is never evidence, by what they announce and by language. Data, reviewed by hand.

A space stands for any white space; a trailing * lets letters follow. What each kind means is told in `processors.boilerplate`.
"""

from typing import Final

POINTERS: Final = {
    "en": (
        "read also|also read|read more|read next|see also|watch also|also watch|must read|don't miss|you may also read|more on this|"
        "more on this story|related story|related article|related post|related news|related|previous article|next article|click here|"
        "continue reading|read the full story|full story|in other news|up next"
    ),
    "ur": "مزید پڑھیں|مزید پڑھیے|مزید پڑھئے|یہ بھی پڑھیں|یہ بھی پڑھیے|یہ بھی دیکھیں|مزید جانیے|متعلقہ خبر|مزید دیکھیں",
    "ar": "اقرأ أيضا|اقرأ أيضاً|اقرأ ايضا|اقرأ المزيد|إقرأ أيضا|إقرأ أيضاً|إقرأ المزيد|شاهد أيضا|شاهد أيضاً|طالع أيضا|طالع أيضاً|انظر أيضا|خبر ذو صلة",
    "zh": "相关阅读|相關閱讀|延伸阅读|延伸閱讀|阅读更多|閱讀更多|另请参阅|推荐阅读|推薦閱讀|点击阅读|更多阅读|阅读全文|点击查看",
    "fa": "بیشتر بخوانید|بیشتر بخوان|همچنین بخوانید|این را هم بخوانید|ادامه مطلب|ادامهٔ مطلب|بخوانید|خبر مرتبط|بیشتر ببینید",
    "hi": "यह भी पढ़ें|ये भी पढ़ें|यह भी पढ़ें|ये भी पढ़ें|और पढ़ें|और पढ़ें|आगे पढ़ें|इसे भी पढ़ें|इसे भी पढ़ें|यह भी देखें|पूरी खबर पढ़ें",
    "bn": "আরও পড়ুন|আরও পড়ুন|আরো পড়ুন|আরো পড়ুন|এটিও পড়ুন|বিস্তারিত পড়ুন|আরও দেখুন|আরও খবর",
    "ko": "함께 읽어보세요|더 읽어보기|더 보기|더보기|관련기사|관련 기사|이 기사도|함께 보면 좋은 기사|전문 보기",
    "ja": "あわせて読みたい|こちらもおすすめ|続きを読む|もっと読む|関連記事|次の記事|前の記事|全文を読む|併せて読みたい",
    "tr": "ayrıca okuyun|bunu da okuyun|devamını oku*|daha fazla oku*|okumaya devam|ilgili haber|şunu da okuyun|bunlar da ilginizi çekebilir|haberin devamı",
    "fr": "lire aussi|à lire aussi|a lire aussi|à lire également|lire également|lire la suite|voir aussi|à voir aussi|en savoir plus|sur le même sujet",
    "ru": "читайте также|читайте ещё|читайте еще|читать далее|читать также|смотрите также|подробнее|по теме|читать полностью|ещё по теме",
    "es": "lea también|lee también|lea además|leer más|lea más|ver también|le puede interesar|te puede interesar|también le puede interesar|sigue leyendo|seguir leyendo",
    "de": "lesen sie auch|lesen sie mehr|lesen sie hier|weiterlesen|mehr lesen|auch interessant|siehe auch|hier weiterlesen|lesen sie dazu",
    "pt": "leia também|leia mais|ler mais|leia ainda|veja também|saiba mais|continue lendo|continuar a ler|continue a ler|leia a matéria completa",
    "id": "baca juga|baca selengkapnya|baca lebih lanjut|lihat juga|simak juga|selengkapnya|artikel terkait|baca berita",
}
"""What points to one other story: the rest of the line, or the line after it, is that story's headline."""

BLOCKS: Final = {
    "en": (
        "related stories|related articles|related posts|related headlines|related news stories|related coverage|related content|"
        "more stories|more news|more from*|most read|most popular|most viewed|trending now|trending|trending stories|top stories|latest news|latest stories|"
        "recommended for you|recommended stories|recommended|you may also like|you might also like|editor's picks|editors' picks|popular posts|"
        "popular stories|other news|other stories|what to read next|around the web|from our partners|sponsored|sponsored content|headlines"
    ),
    "ur": "متعلقہ خبریں|مزید خبریں|تازہ ترین خبریں|تازہ ترین|مقبول خبریں|سب سے زیادہ پڑھی جانے والی|دیگر خبریں|آپ کو یہ بھی پسند آئے گا",
    "ar": "أخبار ذات صلة|مقالات ذات صلة|موضوعات ذات صلة|مواضيع ذات صلة|ذات صلة|الأكثر قراءة|أخبار متعلقة|مواضيع متعلقة|آخر الأخبار|قد يهمك أيضا|قد يهمك أيضاً|قد يعجبك أيضا",
    "zh": "相关新闻|相關新聞|相关报道|相關報導|相关文章|相關文章|热门文章|熱門文章|热门新闻|热点新闻|猜你喜欢|猜你喜歡|推荐新闻|今日热点|最新消息|热门推荐|更多新闻|编辑推荐",
    "fa": "مطالب مرتبط|اخبار مرتبط|خبرهای مرتبط|پربازدیدترین*|پربیننده‌ترین*|پربیننده ترین*|آخرین اخبار|اخبار بیشتر|مطالب پیشنهادی|پیشنهاد سردبیر",
    "hi": "संबंधित खबरें|संबंधित ख़बरें|संबंधित समाचार|अन्य खबरें|ताज़ा खबरें|ताजा खबरें|ट्रेंडिंग|सबसे ज्यादा पढ़ी गई|सबसे ज़्यादा पढ़ी गई|अन्य समाचार|और खबरें|लोकप्रिय खबरें",
    "bn": "সম্পর্কিত খবর|সম্পর্কিত সংবাদ|সংশ্লিষ্ট খবর|এ সম্পর্কিত আরও খবর|এই সম্পর্কিত আরও|এ জাতীয় আরও খবর|সর্বশেষ খবর|সর্বাধিক পঠিত|জনপ্রিয় খবর|আরও সংবাদ",
    "ko": "관련 뉴스|관련뉴스|많이 본 뉴스|많이 본 기사|인기 기사|인기기사|추천 기사|추천기사|주요 뉴스|주요뉴스|최신 뉴스|최신기사|핫이슈|당신이 좋아할 만한",
    "ja": "関連ニュース|おすすめ記事|人気記事|アクセスランキング|最新ニュース|よく読まれている記事|注目記事|おすすめの記事|新着記事|こんな記事も読まれています|人気ランキング",
    "tr": "ilgili haberler|benzer haberler|diğer haberler|en çok okunan*|son dakika haberleri|son haberler|ilginizi çekebilir|önerilen haberler|editörün seçtikleri|gündemdeki haberler",
    "fr": "articles liés|articles similaires|articles associés|articles connexes|à ne pas manquer|les plus lus|les articles les plus lus|les plus consultés|dernières nouvelles|dernières actualités|sur le même thème|vous aimerez aussi|nos recommandations",
    "ru": "похожие новости|похожие материалы|другие новости|новости по теме|материалы по теме|самое читаемое|популярное|последние новости|рекомендуем|главные новости|вам может быть интересно|ещё новости|популярные новости",
    "es": "noticias relacionadas|artículos relacionados|notas relacionadas|más noticias|lo más leído|lo más visto|últimas noticias|más leídas|contenido relacionado|te recomendamos|también te puede interesar|temas relacionados",
    "de": "mehr zum thema|ähnliche artikel|verwandte artikel|weitere artikel|weitere nachrichten|meistgelesen*|meist gelesen|das könnte sie auch interessieren|empfohlene artikel|mehr nachrichten|aktuelle nachrichten|neueste artikel",
    "pt": "notícias relacionadas|artigos relacionados|matérias relacionadas|conteúdo relacionado|mais notícias|mais lidas|mais lidos|últimas notícias|recomendado para você|você também pode gostar|outras notícias|veja mais",
    "id": "berita terkait|artikel lainnya|berita lainnya|terpopuler|berita populer|berita terkini|rekomendasi untuk anda|baca berita lainnya|terkait|trending topik|pilihan editor|paling banyak dibaca",
}
"""What heads a list of other stories: the short lines after it are their headlines."""

OPENINGS: Final = {
    "en": (
        "follow us|follow our|follow the latest|follow the channel|subscribe|sign up for|sign up to|sign in to|log in to|join our|join us on|share this|share on|"
        "download our|download the app|get our|get the app|get the latest|get breaking news|leave a comment|leave a reply|comments are closed|"
        "post a comment|filed under|about the author|the writer is|the author is|the writers are|reporting by|editing by|additional reporting|"
        "with input from|with inputs from|scroll to continue|support our journalism|support independent journalism|become a member|whatsapp us|"
        "this article was first published|this article first appeared|this site uses|this website uses|skip to content|skip to main|accept all|"
        "manage preferences|manage cookies|copyright ©|copyright (c)|copyright 20*|unsubscribe|cookie settings|cookies help us|terms of use|terms of service|like this story|enjoying this|"
        "subscribers can read|already a subscriber|keep local journalism|have a tip|got a tip|view comments|join the conversation|never miss|stay updated|"
        "turn on notifications|click to share|stay up to date|stay up-to-date"
    ),
    "ur": (
        "ہمیں فالو کریں|ہمیں فیس بک|سبسکرائب کریں|خبر شیئر کریں|شیئر کریں|تبصرہ کریں|ہماری ایپ|ایپ ڈاؤن لوڈ|ہمارا واٹس ایپ|ہمارے واٹس ایپ|واٹس ایپ چینل|"
        "مصنف ایک|لکھاری ایک|کالم نگار ایک|مصنفہ ایک|جملہ حقوق|یہ ویب سائٹ کوکیز|اپنی رائے کا اظہار"
    ),
    "ar": (
        "تابعنا|تابعونا|تابع قناتنا|اشترك في نشرتنا|اشترك في قناتنا|اشتركوا في|اشترك الآن|شارك الخبر|شارك المقال|شارك عبر|شارك هذا|اترك تعليقا|اترك تعليقاً|"
        "أضف تعليق*|حمل التطبيق|حمّل التطبيق|حملوا تطبيق*|حمّل تطبيق*|النشرة البريدية|حقوق النشر|جميع الحقوق|الكاتب هو|نبذة عن الكاتب|هذا الموقع يستخدم|"
        "يستخدم هذا الموقع|نستخدم ملفات|سياسة الخصوصية|انضم إلى قناتنا|لا تفوت"
    ),
    "zh": (
        "关注我们|關注我們|关注公众号|扫码关注|掃碼關注|扫描二维码|订阅我们|訂閱我們|订阅电子报|訂閱電子報|分享到|分享本文|分享至|转载请|未经授权|未經授權|版权所有|版權所有|"
        "下载app|下载客户端|下載app|下载我们|发表评论|發表評論|作者简介|作者系|本网站使用|我们使用cookie*|点击关注|更多精彩"
    ),
    "fa": (
        "ما را دنبال کنید|در تلگرام ما|عضو کانال|به کانال|اشتراک در خبرنامه|به اشتراک بگذارید|این خبر را به اشتراک|ارسال نظر|دیدگاه خود را|دانلود اپلیکیشن|"
        "اپلیکیشن ما|کپی‌رایت|تمامی حقوق|کلیه حقوق|درباره نویسنده|نویسنده این مطلب|این سایت از کوکی*|این وب‌سایت از کوکی*|این وبسایت از کوکی*|انتهای پیام|کد خبر"
    ),
    "hi": (
        "हमें फॉलो करें|फॉलो करें|हमसे जुड़ें|हमसे जुड़ें|सब्सक्राइब करें|शेयर करें|खबर शेयर|टिप्पणी करें|अपनी राय दें|ऐप डाउनलोड|हमारा ऐप|कॉपीराइट ©|सर्वाधिकार|"
        "लेखक एक|लेखिका एक|लेखक के बारे में|यह वेबसाइट कुकी*|हमारी वेबसाइट कुकी*|व्हाट्सएप चैनल|व्हाट्सऐप चैनल|ताजा खबरों के लिए|ताज़ा खबरों के लिए"
    ),
    "bn": (
        "আমাদের ফলো করুন|ফলো করুন|সাবস্ক্রাইব করুন|শেয়ার করুন|শেয়ার করুন|খবরটি শেয়ার|মন্তব্য করুন|অ্যাপ ডাউনলোড|আমাদের অ্যাপ|কপিরাইট ©|সর্বস্বত্ব|লেখক একজন|"
        "লেখক পরিচিতি|এই ওয়েবসাইট কুকি*|এই ওয়েবসাইটে কুকি*|গুগল নিউজে|আমাদের সঙ্গে যুক্ত"
    ),
    "ko": "구독하기|구독하세요|팔로우하기|팔로우하세요|공유하기|기사 공유|댓글 쓰기|댓글쓰기|댓글을|앱 다운로드|앱을 다운로드|뉴스레터 구독|저작권자|무단전재|무단 전재|이 사이트는 쿠키*|본 웹사이트는|쿠키를 사용|제보하기|카카오톡 제보|필자 소개|글쓴이",
    "ja": "フォローする|フォローはこちら|購読はこちら|購読する|メルマガ|ニュースレター登録|ニュースレターを|この記事をシェア|シェアする|ツイートする|コメントを書く|コメントを投稿|アプリを*|アプリで読む|無断転載|このサイトは*|当サイトは*|本サイトは*|著者プロフィール|筆者紹介|会員登録|有料会員|ログインして|この記事は有料",
    "tr": "bizi takip edin|takip edin|abone ol*|haberi paylaş*|bu haberi paylaş*|yorum yap*|yorum yaz*|uygulamamızı indir*|uygulamayı indir*|bültenimiz*|e-bülten*|tüm hakları|yazar hakkında|bu site çerez*|web sitemiz*|sitemizde çerez*|çerez politikası|çerezleri|gizlilik politikası|whatsapp kanalı*",
    "fr": (
        "suivez-nous|suivez nous|abonnez-vous|s'abonner|inscrivez-vous à notre|partager cet article|partagez cet article|partager sur|laisser un commentaire|"
        "laissez un commentaire|téléchargez notre|téléchargez l'application|télécharger l'application|tous droits|à propos de l'auteur|l'auteur est|"
        "l'autrice est|ce site utilise|nous utilisons des cookies|politique de confidentialité|gérer les cookies|accepter les cookies|rejoignez notre chaîne|avec afp"
    ),
    "ru": (
        "подписывайтесь|подпишитесь|подписаться на|поделиться новостью|поделитесь|поделиться в|оставить комментарий|оставьте комментарий|комментировать|"
        "скачайте наше|скачать приложение|скачайте приложение|все права защищены|об авторе|автор — эксперт|этот сайт использует|наш сайт использует|мы используем файлы|"
        "сайт использует|политика конфиденциальности|при использовании материалов|при перепечатке|следите за нами|нашли ошибку|присоединяйтесь к"
    ),
    "es": (
        "síguenos|síganos|suscríbete|suscríbase|comparte esta|compartir en|compartir esta|deja un comentario|deje un comentario|deja tu comentario|"
        "descarga la app|descargue la app|descarga nuestra|todos los derechos|sobre el autor|el autor es|la autora es|este sitio utiliza|este sitio web utiliza|"
        "este sitio usa|esta web utiliza|utilizamos cookies|usamos cookies|política de privacidad|política de cookies|aceptar cookies|únete a nuestro|recibe las noticias"
    ),
    "de": (
        "folgen sie uns|jetzt abonnieren|abonnieren sie|artikel teilen|diesen artikel teilen|teilen sie|kommentar schreiben|kommentieren sie|laden sie unsere|"
        "laden sie die app|app herunterladen|unsere app|alle rechte|zum autor|über den autor|der autor ist|die autorin ist|diese website verwendet|"
        "diese website nutzt|diese webseite verwendet|wir verwenden cookies|wir nutzen cookies|datenschutzerklärung|cookie-einstellungen|melden sie sich für"
    ),
    "pt": (
        "siga-nos|siga nossas|siga o nosso|siga a nossa|siga o canal|assine já|assine nossa|assine a|subscreva|inscreva-se|partilhar em|compartilhar no|compartilhe esta|"
        "partilhe esta|deixe um comentário|deixe o seu comentário|baixe o app|baixe o aplicativo|baixe nosso|descarregue a app|todos os direitos|sobre o autor|"
        "o autor é|a autora é|este site utiliza|este site usa|usamos cookies|utilizamos cookies|política de privacidade|aceitar cookies|receba as notícias|entre no canal"
    ),
    "id": (
        "ikuti kami|ikuti akun|ikuti saluran|berlangganan|bagikan artikel|bagikan berita|bagikan ke|tinggalkan komentar|tulis komentar|unduh aplikasi|"
        "download aplikasi|hak cipta|tentang penulis|penulis adalah|situs ini menggunakan|situs web ini menggunakan|kami menggunakan cookie*|kebijakan privasi|"
        "dapatkan update|gabung di|simak breaking"
    ),
}
"""What a sentence of a banner begins with: news letters, share lines, cookies, rights, comments, authors, apps."""

LABELS: Final = {
    "en": "advertisement|comments|comment|tags|tag|share|tweet|newsletter|disclaimer|photo credit|image credit|contact us|privacy policy|donate|written by|edited by|editor|subscribers|print|topics|copyright|keywords",
    "ur": "اشتہار|اشتہارات|تبصرے|شیئر|ٹیگز|سبسکرائب|نیوز لیٹر|مصنف|لکھاری|کاپی رائٹ",
    "ar": "إعلان|إعلانات|التعليقات|تعليقات|مشاركة|شارك|اشترك|وسوم|الوسوم|كلمات دلالية|الكاتب|تحرير",
    "zh": "广告|廣告|分享|评论|評論|订阅|訂閱|标签|標籤|责任编辑|責任編輯|编辑|編輯|作者|来源|來源|责编|校对",
    "fa": "تبلیغات|آگهی|نظرات|نظر شما|برچسب‌ها|برچسب ها|اشتراک‌گذاری|اشتراک گذاری|خبرنامه|نویسنده",
    "hi": "विज्ञापन|टिप्पणियां|टिप्पणी|टैग|टैग्स|शेयर|न्यूज़लेटर|न्यूजलेटर|लेखक|इनपुट",
    "bn": "বিজ্ঞাপন|মন্তব্য|ট্যাগ|ট্যাগস|শেয়ার|শেয়ার|নিউজলেটার|লেখক",
    "ko": "광고|댓글|공유|구독|태그|뉴스레터|좋아요|쿠키|제보|팔로우",
    "ja": "広告|コメント|シェア|タグ|フォロー|購読|ツイート|ニュースレター|キーワード|著者|編集",
    "tr": "reklam|yorumlar|yorum|etiketler|etiket|paylaş|abonelik|bülten|yazar|editör|kaynak",
    "fr": "publicité|commentaires|commentaire|partager|partagez|mots-clés|étiquettes|newsletter|infolettre|auteur|annonce",
    "ru": "реклама|комментарии|поделиться|теги|метки|рассылка|автор|редактор|источник|подписка",
    "es": "publicidad|comentarios|compartir|etiquetas|boletín|newsletter|autor|temas|anuncio",
    "de": "anzeige|werbung|kommentare|teilen|schlagwörter|schlagworte|newsletter|impressum|datenschutz|autor",
    "pt": "publicidade|comentários|compartilhar|partilhar|tags|etiquetas|newsletter|autor|anúncio",
    "id": "iklan|advertisement|komentar|bagikan|tag|tags|langganan|buletin|newsletter|penulis|editor|sumber",
}
"""What is a notice where nothing follows it but a colon, a bracket or a figure: as common elsewhere as the start of a sentence."""

INSIDE: Final = {
    "en": (
        "all rights reserved|we use cookies|uses cookies|accept cookies|accept all cookies|cookie policy|cookie consent|appeared first on|first appeared on|"
        "our newsletter|daily newsletter|weekly newsletter|our whatsapp channel|whatsapp channel|download our app|download the app|our mobile app|"
        "follow us on|subscribe to our|subscribe to the|sign up for our|sign up for the|may not be published, broadcast|may not be reproduced|"
        "without prior written permission|without written permission|app for android|app for ios|app store and|google play store|google news channel|push alerts|views expressed|do not necessarily reflect|by clicking|your inbox|©"
    ),
    "ur": "جملہ حقوق محفوظ|تمام حقوق محفوظ|کوکیز استعمال|کوکیز کا استعمال|واٹس ایپ چینل|نیوز لیٹر|سبسکرائب کریں|ہمیں فالو کریں|ہماری ایپ ڈاؤن لوڈ|ایپ ڈاؤن لوڈ کریں",
    "ar": "جميع الحقوق محفوظة|ملفات تعريف الارتباط|تابعونا على|تابعنا على|نشرتنا|النشرة البريدية|قناتنا على|تطبيقنا|ملفات الارتباط",
    "zh": "版权所有|版權所有|请勿转载|請勿轉載|不得转载|未经授权不得|版权声明|使用cookie*|使用 cookie*|订阅我们|訂閱我們|下载我们的|微信公众号|扫码|二维码|未经许可",
    "fa": "تمامی حقوق|کلیه حقوق|حقوق این سایت|از کوکی‌ها|از کوکی ها|کوکی‌ها استفاده|در خبرنامه|کانال تلگرام|اپلیکیشن ما را|ما را در",
    "hi": "सर्वाधिकार सुरक्षित|कुकीज़ का|कुकीज का|कुकीज़ का|न्यूज़लेटर|न्यूजलेटर|सब्सक्राइब करें|फॉलो करें|ऐप डाउनलोड करें|व्हाट्सएप चैनल",
    "bn": "সর্বস্বত্ব সংরক্ষিত|সর্বস্বত্ব স্বত্বাধিকার|কুকি ব্যবহার|কুকিজ ব্যবহার|সাবস্ক্রাইব করুন|নিউজলেটার|ফলো করুন|অ্যাপ ডাউনলোড করুন|চ্যানেল ফলো",
    "ko": "무단 전재|무단전재|재배포 금지|쿠키를 사용|뉴스레터|구독하세요|저작권자|앱을 다운로드|팔로우하세요|채널 추가",
    "ja": "無断転載|無断複製|cookieを*|クッキーを使用|ニュースレターを*|メルマガ|フォローして|アプリをダウンロード|all rights reserved|購読は",
    "tr": "tüm hakları saklıdır|çerez kullan*|çerezleri kabul*|çerezler kullan*|bültenimize|haber bültenimiz*|bizi takip edin|uygulamamızı indir*|whatsapp kanalımız*",
    "fr": "tous droits réservés|utilise des cookies|utilisons des cookies|notre newsletter|notre infolettre|notre chaîne whatsapp|suivez-nous|notre application|reproduction interdite|votre boîte mail",
    "ru": "все права защищены|использует файлы cookie|используем файлы cookie|файлы cookie|нашу рассылку|наш телеграм-канал|наш telegram|telegram-канал|подписывайтесь на|наше приложение|перепечатка запрещена",
    "es": "todos los derechos reservados|utiliza cookies|utilizamos cookies|usa cookies|nuestro boletín|nuestra newsletter|canal de whatsapp|síguenos en|nuestra app|prohibida su reproducción|prohibida la reproducción",
    "de": "alle rechte vorbehalten|verwendet cookies|verwenden cookies|nutzen cookies|nutzt cookies|unseren newsletter|unserem newsletter|whatsapp-kanal|folgen sie uns|unsere app",
    "pt": "todos os direitos reservados|utiliza cookies|utilizamos cookies|usa cookies|nossa newsletter|canal no whatsapp|canal do whatsapp|siga-nos|nosso aplicativo|nossa app|proibida a reprodução",
    "id": "hak cipta dilindungi|seluruh hak cipta|menggunakan cookie*|newsletter kami|buletin kami|saluran whatsapp|channel whatsapp|ikuti kami di|aplikasi kami|dilarang mengutip|dilarang keras",
}
"""What a short sentence of a banner holds, wherever in it."""

NETWORKS: Final = (
    "share|facebook|twitter|whatsapp|telegram|linkedin|instagram|youtube|tiktok|email|e-mail|print|pinterest|reddit|viber|line|vk|ok|weibo|"
    "wechat|threads|bluesky|messenger|copy link|copy|link|x|on|via|and|tweet|pocket|skype|odnoklassniki|vkontakte|kakaotalk|band|qq|save|google news|rss"
)
"""The names of which a line of share buttons consists."""
