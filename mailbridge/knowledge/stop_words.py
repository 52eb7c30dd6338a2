"""Function words and words of greetings that say nothing about a subject, folded, for the languages that desks write most."""

from __future__ import annotations

from collections.abc import Mapping

from mailbridge.message.search_words import words

_TEXTS = {
    "en": """a
        about after again all also am an and any are as at be because been before being both but by can cannot could did do does doing
        done don down during each else ever few for from further get gets got had has have having he her here hers him his how i
        if in into is isn it its just let ll like made make may me more most much must my need no nor not now of off on once one
        only or other our out over own please re same she should so some such than that the their them then there these they
        this those through to too under until up us use using ve very want was way we were what when where which while who whom
        why will with would yes you your yours hello hi dear thanks thank regards best kind morning good day sir madam""",
    "ro": """a abia acea aceasta aceea acest acesta aceste acestea acesti acestia acum ai aici al ale am ar are as asa asta astea astfel
        asupra atat ati atunci au avea avem aveti azi ba bine ca cam cand care cat cate catre ce cea cei cel cele ceva chiar ci
        cine cu cum cumva da daca dar de deci deja deoarece despre din dintre doar dupa e ea ei el ele era este eu fara fi fie
        fiecare fost iar ii il imi in inca intr intre isi iti la le li lor lui ma mai mea mei mele mereu meu mi mine mult multe
        multi multumesc multumim ne ni nici nimic niste noastra noastre noi nostri nostru nu o or ori oricare orice pana pe
        pentru peste poate pot prea prin putea rog sa sai salut sau se si spre stimate stimata sub sunt suntem sunteti ta tale
        tau te toata toate tot toti totul tu un una unde unei unele unii unor unui unul va vi voi vom vor vostru vreau buna ziua
        dimineata seara""",
    "ru": """а без более больше будет будто бы был была были было быть в вам вас ваш вдруг ведь во вот впрочем все всегда всего всех всю вы
        где да даже два для до добрый день другой его ее ей ему если есть еще ж же за здесь здравствуйте и из или им иногда их к
        как какая какой когда кто куда ли лучше между меня мне много может можно мой моя мы на над надо наконец нас не него нее
        ней нельзя нет ни нибудь никогда ним них ничего но ну о об один он она они опять от перед по под пожалуйста после потом
        потому почти при про раз разве с сам свою себе себя сейчас со совсем спасибо так такой там тебя тем теперь то тогда того
        тоже только том тот три тут ты у уже хорошо хоть чего чем через что чтоб чтобы чуть эти этого этой этом этот эту это я""",
    "de": """aber alle allem allen aller alles als also am an ander andere auch auf aus bei bin bis bist bitte da damit danke dann das dass
        dein dem den der des dich die dies diese dieser dieses dir doch dort du durch ein eine einem einen einer eines er es
        etwas euch fur gegen gruss grusse guten tag morgen hab habe haben hallo hat hatte hier hin hinter ich ihm ihn ihnen ihr
        ihre im in ist ja jede jetzt kann kein keine konnen machen mal man mehr mein meine mich mir mit muss nach nicht nichts
        noch nun nur ob oder ohne schon sehr sein seine seit sich sie sind so solche soll sondern um und uns unser unter viel
        vielen vom von vor wahrend war warum was weg weil weiter welche wenn wer werde werden wie wieder will wir wird wo wollen
        zu zum zur zwischen freundlichen""",
    "fr": """a ai alors apres au aussi autre aux avec avez avoir avons bien bonjour bonsoir c car ce cela ces cet cette chez comme comment d
        dans de des deux donc du elle elles en encore entre est et etait etre eu fait faire il ils j je l la le les leur lui m
        ma mais me meme merci mes moi mon n ne nos notre nous on ont ou par pas peu peut plus pour pourquoi qu quand que quel
        quelle qui s sa sans se ses si son sont sous sur ta te tes toi ton tout tous toute tres tu un une vers voici vos votre
        vous y madame monsieur cordialement""",
    "es": """a
        al algo ante antes aqui asi aun bien buenas buenos dias tardes cada como con contra cual cuando de del desde donde dos el ella
        ellos en entre era es esa ese eso esta estan estar este esto estoy fue gracias ha hace hacer han hasta hay hola la las
        le les lo los mas me mi mis mucho muy nada ni no nos nosotros o otra otro para pero poco por porque puede puedo que
        quien se ser si sin sobre solo son su sus tambien tan te tengo tiene todo todos tu tus un una uno usted y ya yo saludos
        estimado estimada""",
    "it": """a ad ai al alla alle anche ancora avere bene buongiorno buonasera c che chi ci come con cosa cosi da dal dalla dei del della
        delle di dopo dove e ed era essere fa fare gli grazie ha hai hanno ho i il in io la le lei lo loro lui ma me mi mia mio
        molto ne nei nel nella no noi non nostro o ogni ora per perche piu poi posso prego puo qual quale quando quello questa
        questo qui se sei senza si sia siamo sono su sua sul suo ti tra tu tutti tutto un una uno vi voi cordiali saluti gentile""",
}  # fmt: skip

STOP_WORDS: Mapping[str, frozenset[str]] = {language: frozenset(words(text)) for language, text in _TEXTS.items()}
