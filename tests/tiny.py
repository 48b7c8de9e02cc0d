"""Tiny tokenizers and models of every family, made on the spot and offline: real architectures, a toy's size.

The tokenizers are built once a process and shared, so do not change them: `copy.deepcopy` first.
"""

from __future__ import annotations

import functools
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModel,
    BertTokenizer,
    DebertaV2Tokenizer,
    GemmaTokenizer,
    RobertaTokenizer,
    XLMRobertaTokenizer,
)

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "The old dog sleeps under the table.",
        "We don't know where she's going tomorrow.",
        "Unbelievable stories were told by the fishermen.",
        "He bought 12 apples for $3.50!",
        "The children are playing in the garden.",
        "My sister's colleague teaches mathematics.",
        "Rain is expected in the north this evening.",
        "Why did they close the library?",
        "A well-known singer opened the festival.",
        "The bridge was rebuilt after the war.",
    ),
    "de": (
        "Der alte Hund schläft unter dem Tisch.",
        "Wir wissen nicht, wohin sie morgen geht.",
        "Die Straßenbahnhaltestelle ist geschlossen.",
        "Er hat zwölf Äpfel für 3,50 € gekauft.",
        "Die Kinder spielen im Garten.",
        "Übermorgen beginnt die Weltmeisterschaft.",
        "Warum wurde die Bibliothek geschlossen?",
        "Im Norden wird heute Abend Regen erwartet.",
        "Meine Schwester unterrichtet Mathematik.",
        "Die Brücke wurde nach dem Krieg wieder aufgebaut.",
    ),
    "fr": (
        "Le vieux chien dort sous la table.",
        "Nous ne savons pas où elle va demain.",
        "L'été dernier, j'ai visité la forêt.",
        "Il a acheté douze pommes aujourd'hui.",
        "Les enfants jouent dans le jardin.",
        "Ma sœur enseigne les mathématiques.",
        "Pourquoi ont-ils fermé la bibliothèque ?",
        "On attend de la pluie dans le nord ce soir.",
        "Une chanteuse célèbre a ouvert le festival.",
        "Le pont a été reconstruit après la guerre.",
    ),
    "es": (
        "El perro viejo duerme debajo de la mesa.",
        "No sabemos adónde irá mañana.",
        "¿Por qué cerraron la biblioteca?",
        "Compró doce manzanas por tres euros.",
        "Los niños juegan en el jardín.",
        "¡Qué sorpresa tan agradable!",
        "Mi hermana enseña matemáticas.",
        "Se espera lluvia en el norte esta noche.",
        "Una cantante famosa inauguró el festival.",
        "El puente fue reconstruido después de la guerra.",
    ),
    "ru": (
        "Старая собака спит под столом.",
        "Мы не знаем, куда она пойдёт завтра.",
        "Дети играют в саду.",
        "Почему закрыли библиотеку?",
        "Он купил двенадцать яблок.",
        "Моя сестра преподаёт математику.",
        "Вечером на севере ожидается дождь.",
        "Известная певица открыла фестиваль.",
        "Мост восстановили после войны.",
        "Рыбаки рассказывали невероятные истории.",
    ),
    "el": (
        "Ο γέρικος σκύλος κοιμάται κάτω από το τραπέζι.",
        "Δεν ξέρουμε πού θα πάει αύριο.",
        "Τα παιδιά παίζουν στον κήπο.",
        "Γιατί έκλεισαν τη βιβλιοθήκη;",
        "Αγόρασε δώδεκα μήλα.",
        "Η αδελφή μου διδάσκει μαθηματικά.",
        "Το βράδυ αναμένεται βροχή στον βορρά.",
        "Μια γνωστή τραγουδίστρια άνοιξε το φεστιβάλ.",
        "Η γέφυρα ξαναχτίστηκε μετά τον πόλεμο.",
        "Οι ψαράδες έλεγαν απίστευτες ιστορίες.",
    ),
    "ar": (
        "ينام الكلب العجوز تحت الطاولة.",
        "لا نعرف إلى أين ستذهب غدا.",
        "يلعب الأطفال في الحديقة.",
        "لماذا أغلقوا المكتبة؟",
        "اشترى اثنتي عشرة تفاحة.",
        "أختي تدرّس الرياضيات.",
        "من المتوقع هطول المطر في الشمال.",
        "افتتحت مغنية مشهورة المهرجان.",
        "أعيد بناء الجسر بعد الحرب.",
        "روى الصيادون قصصا لا تصدق.",
    ),
    "he": (
        "הכלב הזקן ישן מתחת לשולחן.",
        "אנחנו לא יודעים לאן היא תלך מחר.",
        "הילדים משחקים בגינה.",
        "למה סגרו את הספרייה?",
        "הוא קנה שנים עשר תפוחים.",
        "אחותי מלמדת מתמטיקה.",
        "הערב צפוי גשם בצפון.",
        "זמרת ידועה פתחה את הפסטיבל.",
        "הגשר נבנה מחדש אחרי המלחמה.",
        "הדייגים סיפרו סיפורים לא ייאמנו.",
    ),
    "hi": (
        "बूढ़ा कुत्ता मेज़ के नीचे सो रहा है।",
        "हम नहीं जानते कि वह कल कहाँ जाएगी।",
        "बच्चे बग़ीचे में खेल रहे हैं।",
        "पुस्तकालय क्यों बंद किया गया?",
        "उसने बारह सेब ख़रीदे।",
        "मेरी बहन गणित पढ़ाती है।",
        "आज शाम उत्तर में बारिश होगी।",
        "एक प्रसिद्ध गायिका ने उत्सव का उद्घाटन किया।",
        "युद्ध के बाद पुल फिर से बनाया गया।",
        "मछुआरों ने अविश्वसनीय कहानियाँ सुनाईं।",
    ),
    "th": (
        "สุนัขแก่นอนอยู่ใต้โต๊ะ",
        "เราไม่รู้ว่าพรุ่งนี้เธอจะไปไหน",
        "เด็กๆ กำลังเล่นอยู่ในสวน",
        "ทำไมห้องสมุดถึงปิด",
        "เขาซื้อแอปเปิลสิบสองลูก",
        "พี่สาวของฉันสอนคณิตศาสตร์",
        "คืนนี้ฝนจะตกทางภาคเหนือ",
        "นักร้องชื่อดังเปิดงานเทศกาล",
        "สะพานถูกสร้างใหม่หลังสงคราม",
        "ชาวประมงเล่าเรื่องที่น่าเหลือเชื่อ",
    ),
    "zh": (
        "老狗睡在桌子下面。",
        "我们不知道她明天去哪里。",
        "孩子们在花园里玩。",
        "图书馆为什么关门了?",
        "他买了十二个苹果。",
        "我姐姐教数学。",
        "今晚北方会下雨。",
        "著名的歌手为音乐节揭幕。",
        "战后这座桥被重建了。",
        "渔民们讲了难以置信的故事。",
    ),
    "ja": (
        "年取った犬がテーブルの下で寝ています。",
        "彼女が明日どこへ行くのか分かりません。",
        "子供たちは庭で遊んでいます。",
        "なぜ図書館は閉まったのですか。",
        "彼はリンゴを12個買いました。",
        "姉は数学を教えています。",
        "今夜は北部で雨が降るでしょう。",
        "有名な歌手がフェスティバルを開きました。",
        "橋は戦後に再建されました。",
        "漁師たちは信じられない話をしました。",
    ),
    "ko": (
        "늙은 개가 탁자 밑에서 잔다.",
        "우리는 그녀가 내일 어디로 가는지 모른다.",
        "아이들이 정원에서 놀고 있다.",
        "왜 도서관이 문을 닫았습니까?",
        "그는 사과 열두 개를 샀다.",
        "언니는 수학을 가르친다.",
        "오늘 저녁 북쪽에 비가 올 것이다.",
        "유명한 가수가 축제를 열었다.",
        "다리는 전쟁 후에 다시 지어졌다.",
        "어부들은 믿을 수 없는 이야기를 했다.",
    ),
    "tr": (
        "Yaşlı köpek masanın altında uyuyor.",
        "Yarın nereye gideceğini bilmiyoruz.",
        "Çocuklar bahçede oynuyor.",
        "Kütüphane neden kapatıldı?",
        "On iki elma satın aldı.",
        "Ablam matematik öğretiyor.",
        "Bu akşam kuzeyde yağmur bekleniyor.",
        "Ünlü bir şarkıcı festivali açtı.",
        "Köprü savaştan sonra yeniden yapıldı.",
        "Balıkçılar inanılmaz hikâyeler anlattı.",
    ),
    "sw": (
        "Mbwa mzee analala chini ya meza.",
        "Hatujui ataenda wapi kesho.",
        "Watoto wanacheza bustanini.",
        "Kwa nini maktaba imefungwa?",
        "Alinunua matufaha kumi na mawili.",
        "Dada yangu anafundisha hisabati.",
        "Mvua inatarajiwa kaskazini jioni hii.",
        "Mwimbaji maarufu alifungua tamasha.",
        "Daraja lilijengwa upya baada ya vita.",
        "Wavuvi walisimulia hadithi za ajabu.",
    ),
    "ur": (
        "بوڑھا کتا میز کے نیچے سو رہا ہے۔",
        "ہم نہیں جانتے کہ وہ کل کہاں جائے گی۔",
        "بچے باغ میں کھیل رہے ہیں۔",
        "کتب خانہ کیوں بند کیا گیا؟",
        "اس نے بارہ سیب خریدے۔",
        "میری بہن ریاضی پڑھاتی ہے۔",
        "آج شام شمال میں بارش ہوگی۔",
        "ایک مشہور گلوکارہ نے میلے کا افتتاح کیا۔",
        "جنگ کے بعد پل دوبارہ بنایا گیا۔",
        "ماہی گیروں نے ناقابل یقین کہانیاں سنائیں۔",
    ),
    "vi": (
        "Con chó già ngủ dưới gầm bàn.",
        "Chúng tôi không biết ngày mai cô ấy đi đâu.",
        "Trẻ em đang chơi trong vườn.",
        "Tại sao thư viện đóng cửa?",
        "Anh ấy đã mua mười hai quả táo.",
        "Chị tôi dạy toán.",
        "Tối nay miền bắc sẽ có mưa.",
        "Một ca sĩ nổi tiếng khai mạc lễ hội.",
        "Cây cầu được xây lại sau chiến tranh.",
        "Những người đánh cá kể chuyện khó tin.",
    ),
    "km": ("ឆ្កែចាស់ដេកក្រោមតុ", "កុមារកំពុងលេងនៅក្នុងសួន", "បងស្រីខ្ញុំបង្រៀនគណិតវិទ្យា"),
    "lo": ("ໝາເຖົ້ານອນຢູ່ກ້ອງໂຕະ", "ເດັກນ້ອຍກຳລັງຫຼິ້ນຢູ່ໃນສວນ", "ເອື້ອຍຂອງຂ້ອຍສອນຄະນິດສາດ"),
    "my": ("ခွေးအိုကြီးစားပွဲအောက်မှာအိပ်နေသည်", "ကလေးများပန်းခြံထဲတွင်ကစားနေကြသည်", "ကျွန်မအစ်မကသင်္ချာသင်သည်"),
}
"""Sentences by language."""

WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for sentences in SENTENCES.values() for line in sentences for word in line.split())
)
"""Every word of the sentences once."""


@functools.cache
def _sentencepiece(vocab_size: int = 1500) -> Any:
    """A Unigram model of `SENTENCES`, with SentencePiece's real nmt_nfkc normalisation."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for sentences in SENTENCES.values() for line in sentences]),
        model_writer=model,
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        normalization_rule_name="nmt_nfkc",
        num_threads=1,
        minloglevel=2,
    )
    proto: Any = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    proto.ParseFromString(model.getvalue())
    return proto


def nmt_nfkc() -> bytes:
    """The character map of XLM-R's normalizer."""
    charsmap: bytes = _sentencepiece().normalizer_spec.precompiled_charsmap
    return charsmap


@functools.cache
def unigram_pieces() -> tuple[tuple[str, float], ...]:
    """Pieces and scores, without special tokens.

    SentencePiece finds few pieces longer than a character in so little text; so a third of the words, and of the parts
    of text without spaces, are pieces besides: which third, a checksum of theirs says.
    """
    pieces = {piece.piece: piece.score for piece in _sentencepiece().pieces if piece.type == piece.NORMAL}
    unspaced = [line for language in ("th", "zh", "ja", "km", "lo", "my") for line in SENTENCES[language]]
    parts = {line[at : at + size] for line in unspaced for size in (2, 3, 4, 6) for at in range(len(line) - size + 1)}
    parts |= {f"▁{word}" for word in WORDS if len(word) <= 12 and word not in parts}
    chosen = sorted(part for part in parts if " " not in part and zlib.crc32(part.encode()) % 3 == 0)
    return tuple((pieces | {part: -9.0 - 0.9 * len(part) for part in chosen if part not in pieces}).items())


@functools.cache
def unigram_tokenizer() -> XLMRobertaTokenizer:
    """As XLM-R has it."""
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab = [*special, *unigram_pieces(), ("<mask>", 0.0)]
    return XLMRobertaTokenizer(vocab=vocab, _spm_precompiled_charsmap=nmt_nfkc(), model_max_length=512)


@functools.cache
def deberta_tokenizer() -> DebertaV2Tokenizer:
    """As mDeBERTa-v3 has it."""
    special = [("[PAD]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[UNK]", 0.0)]
    return DebertaV2Tokenizer(vocab=[*special, *unigram_pieces(), ("[MASK]", 0.0)], model_max_length=512)


@functools.cache
def wordpiece_tokenizer() -> BertTokenizer:
    """As multilingual BERT, cased, has it."""
    bare = BertTokenizer(do_lower_case=False).backend_tokenizer
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.normalizer, trained.pre_tokenizer = bare.normalizer, bare.pre_tokenizer
    trainer = trainers.WordPieceTrainer(vocab_size=2200, show_progress=False)
    trained.train_from_iterator(_all_sentences(), trainer)
    pieces = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    letters = [piece.removeprefix("##") for piece in pieces if len(piece.removeprefix("##")) == 1]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = dict.fromkeys([*special, *pieces, *letters, *(f"##{letter}" for letter in letters)])
    return BertTokenizer(
        vocab={token: index for index, token in enumerate(tokens)}, do_lower_case=False, model_max_length=512
    )


@functools.cache
def bpe_tokenizer() -> GemmaTokenizer:
    """As mmBERT has it, which took Gemma's: "▁" for spaces, none before a text's first word, bytes for rare characters.

    The characters of Khmer, Lao and Burmese are left out, so these are all bytes.
    """
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # no merge crosses from word to word
    trainer = trainers.BpeTrainer(vocab_size=2000, show_progress=False)
    trained.train_from_iterator(_all_sentences(without=("km", "lo", "my")), trainer)
    vocab, merges = _vocab_and_merges(trained)
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁▁", *vocab]
    tokenizer = GemmaTokenizer(
        vocab={token: index for index, token in enumerate(dict.fromkeys(tokens))},
        merges=[("▁", "▁"), *merges],
        cls_token="<bos>",
        sep_token="<eos>",
        padding_side="right",
        model_max_length=512,
    )
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>",
        pair="<bos> $A <eos> $B <eos>",
        special_tokens=[("<bos>", tokenizer.bos_token_id), ("<eos>", tokenizer.eos_token_id)],
    )
    return tokenizer


@functools.cache
def bytelevel_tokenizer(add_prefix_space: bool = False) -> RobertaTokenizer:
    """As RoBERTa has it."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained.train_from_iterator(
        _all_sentences(), trainers.BpeTrainer(vocab_size=2000, show_progress=False, initial_alphabet=alphabet)
    )
    vocab, merges = _vocab_and_merges(trained)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *vocab, "<mask>"]
    return RobertaTokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=merges,
        add_prefix_space=add_prefix_space,
        model_max_length=512,
    )


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "unigram": unigram_tokenizer,
    "deberta": deberta_tokenizer,
    "wordpiece": wordpiece_tokenizer,
    "bpe": bpe_tokenizer,
    "bytelevel": bytelevel_tokenizer,
}
"""The factories by name, to parametrise tests with."""

FAMILIES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "xlm-roberta": (unigram_tokenizer, {"max_position_embeddings": 514, "type_vocab_size": 1}),
    "bert": (wordpiece_tokenizer, {"max_position_embeddings": 512}),
    "deberta-v2": (
        deberta_tokenizer,
        {
            "max_position_embeddings": 512,
            "type_vocab_size": 0,
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "modernbert": (
        bpe_tokenizer,
        {"max_position_embeddings": 512, "local_attention": 16, "global_attn_every_n_layers": 2},
    ),
}
"""Model type: its tokenizer, and what its configuration needs beyond the size."""


def tiny_model_dir(family: str, where: Path | pytest.TempPathFactory, seed: int = 0) -> Path:
    """Save a random base model of a family with its tokenizer: two layers, hidden size 32, four heads.

    Args:
        family: A key of `FAMILIES`.
        where: A folder, in which one named `family` is made, or pytest's `tmp_path_factory`.
        seed: Of the weights; the same seed gives the same weights.

    Returns:
        The folder, which `AutoModelFor….from_pretrained` and `AutoTokenizer.from_pretrained` read offline.
    """
    make_tokenizer, options = FAMILIES[family]
    tokenizer = make_tokenizer()
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    special |= {"cls_token_id": tokenizer.cls_token_id, "sep_token_id": tokenizer.sep_token_id}
    config = AutoConfig.for_model(
        family,
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        **special,
        **options,
    )
    folder = where / family if isinstance(where, Path) else where.mktemp(family)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModel.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _all_sentences(without: tuple[str, ...] = ()) -> list[str]:
    return [line for language, sentences in SENTENCES.items() if language not in without for line in sentences]


def _vocab_and_merges(tokenizer: Tokenizer) -> tuple[list[str], list[tuple[str, str]]]:

    model = json.loads(tokenizer.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].__getitem__), [tuple(pair) for pair in model["merges"]]
