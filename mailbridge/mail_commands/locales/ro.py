"""Romanian; diacritics may be left out."""

from __future__ import annotations

from mailbridge.mail_commands.locales.model import Locale, Word

RO = Locale(
    code="ro",
    words={
        "take": Word(names="preiau iau preia", usage=("#preiau",), about="Vă atribuie tichetul."),
        "assign": Word(
            names="atribuie alocă repartizează",
            usage=("#atribuie ana", "#atribuie ana@desk.example", "#atribuie nimeni"),
            about="Atribuie tichetul unui agent; nimeni îl dă înapoi echipei.",
        ),
        "team": Word(names="echipă", usage=("#echipa network",), about="Dă tichetul altei echipe."),
        "escalate": Word(
            names="escaladează escaladare",
            usage=("#escaladează", "#escaladează network"),
            about="Escaladează cu o treaptă sau la ținta pe care o numiți.",
        ),
        "status": Word(names="stare statut", usage=("#stare waiting",), about="Schimbă starea."),
        "close": Word(
            names="închide închis gata rezolvat rezolv",
            usage=("#închide", "#închide MB-3 MB-7"),
            about="Închide tichetul: treaba este făcută.",
        ),
        "reopen": Word(names="redeschide", usage=("#redeschide",), about="Redeschide un tichet închis."),
        "priority": Word(names="prioritate", usage=("#prioritate mare",), about="Schimbă prioritatea: mică, normală, mare sau urgentă."),
        "type": Word(names="tip", usage=("#tip incident",), about="Schimbă tipul cererii."),
        "tag": Word(
            names="etichetă etichete",
            usage=("#etichetă printer", "#etichetă printer -old"),
            about="Adaugă etichete; cele cu minus se șterg.",
        ),
        "subject": Word(
            names="subiect titlu",
            usage=("#subiect Imprimanta de pe linia 2 nu merge",),
            about="Schimbă subiectul.",
        ),
        "note": Word(
            names="notă intern",
            usage=("#notă", "#notă este în concediu"),
            about="Textul dumneavoastră este doar pentru colegi.",
        ),
        "public": Word(
            names="răspuns răspunde", usage=("#răspuns",), about="Textul dumneavoastră ajunge la client, și ca răspuns la o notă."
        ),
        "encrypt": Word(
            names="criptează criptat",
            usage=("#criptează",),
            about="Textul dumneavoastră ajunge la client criptat prin S/MIME sau nu se trimite.",
        ),
        "send": Word(
            names="trimite",
            usage=("#trimite KB-17",),
            about="Inserează articolul în răspunsul dumneavoastră către client.",
        ),
        "answer": Word(
            names="șablon",
            usage=("#șablon visit", '#șablon visit day="marți la zece"',),
            about="Inserează un răspuns pregătit în mailul dumneavoastră, în limba clientului.",
        ),
        "cc": Word(
            names="copie",
            usage=("#copie dan@acme.example", "#copie -dan@acme.example"),
            about="Adaugă persoane la tichet; cele cu minus sunt scoase.",
        ),
        "requester": Word(
            names="solicitant client",
            usage=("#solicitant carol@acme.example Carol Pop",),
            about="Schimbă solicitantul; cel dinainte rămâne pe tichet.",
        ),
        "due": Word(
            names="termen scadență",
            usage=("#termen vineri 15:00", "#termen 3 dec", "#termen mâine", "#termen niciunul"),
            about="Stabilește un termen, pe lângă cele din SLA.",
        ),
        "snooze": Word(
            names="amână amânare doarme",
            usage=("#amână 3z", "#amână până luni"),
            about="Scoate tichetul din liste până atunci; un mail al clientului îl aduce mai devreme.",
        ),
        "meet": Word(
            names="întâlnire vizită programare",
            usage=("#întâlnire marți 10:00 1h sediul Iași", "#întâlnire fără"),
            about="Clientul primește o invitație.",
        ),
        "plan": Word(
            names="planific planifică plan planificare",
            usage=("#planific ana marți 10:00 2h", "#planific mie 9:00 1h tambur", "#planific 2 = mie 14:00", "#planific 2 = fără"),
            about="Planifică munca unui agent sau a dumneavoastră; 2 = schimbă sau "
            "anulează al doilea plan al tichetului. Fără oră arată planurile.",
        ),
        "time": Word(
            names="timp lucrat muncă",
            usage=(
                "#timp 1h30",
                "#timp 45m ieri tambur schimbat",
                "#timp 17:30-19:00 vineri",
                "#timp 20m nefacturabil",
                "#timp 3 = 1h",
                "#timp 3 = 0",
            ),
            about="Notează munca dumneavoastră, cu ziua și textul, dacă le scrieți; 3 = 1h corectează a treia însemnare, 3 = 0 o șterge.",
        ),
        "travel": Word(names="drum deplasare", usage=("#drum 40m 25km Iași",), about="Notează timpul de deplasare, kilometrii și locul."),
        "estimate": Word(
            names="estimare estimez",
            usage=("#estimare 4h",),
            about="Estimează munca; o zi are opt ore.",
        ),
        "contract": Word(
            names="contractul",
            usage=("#contractul ACME-GOLD",),
            about="Stabilește contractul tichetului.",
        ),
        "project": Word(
            names="proiect proiectul",
            usage=("#proiect ROLLOUT",),
            about="Proiectul clientului de care ține tichetul.",
        ),
        "equipment": Word(
            names="echipament serie",
            usage=("#echipament LF-2231",),
            about="Stabilește aparatul, după serie sau număr de inventar.",
        ),
        "add": Word(
            names="adaugă adaug",
            usage=(
                '#adaugă persoană ana@acme.example rol=achiziții telefon="+40 232 123 456"',
                "#adaugă echipament LF-2240 locație=cluj",
                "#adaugă locație cluj ACME fus=Europe/Bucharest",
            ),
            about="Adaugă o persoană, un echipament sau o locație la clientul solicitantului sau la clientul numit.",
        ),
        "change": Word(
            names="modifică schimbă",
            usage=("#modifică persoană ana@acme.example telefon=fără", "#modifică client ACME nivel=gold"),
            about="Schimbă ce se știe despre un client; ce scrie în fișierele serviciului se schimbă doar acolo.",
        ),
        "remove": Word(
            names="elimină scoate",
            usage=("#elimină persoană ana@acme.example", "#elimină echipament LF-2240"),
            about="Elimină o persoană, un echipament sau o locație adăugată prin mail sau din linia de comandă.",
        ),
        "merge": Word(
            names="unește comasează contopește",
            usage=("#unește MB-1042", "#unește MB-7 în MB-3"),
            about="Unește acest tichet cu celălalt: mailuri, persoane și muncă.",
        ),
        "split": Word(
            names="desparte separă",
            usage=("#desparte", "#desparte A doua imprimantă"),
            about="Mută mailul la care răspundeți într-un tichet nou.",
        ),
        "link": Word(
            names="leagă legătură",
            usage=("#leagă MB-7", "#leagă blochează MB-7"),
            about="Leagă două tichete.",
        ),
        "playbook": Word(
            names="scenariu",
            usage=("#scenariu new-employee",),
            about="Pornește o listă de sarcini care țin una de alta.",
        ),
        "follow": Word(
            names="urmăresc urmărește",
            usage=("#urmăresc", "#urmăresc MB-7"),
            about="Primiți ce se scrie pe tichet fără să vă fie atribuit.",
        ),
        "unfollow": Word(
            names="nu-urmăresc",
            usage=("#nu-urmăresc",),
            about="Nu mai urmăriți tichetul.",
        ),
        "mute": Word(
            names="ignoră",
            usage=("#ignoră", "#ignoră MB-7"),
            about="Nu mai primiți noutăți despre tichet, în afară de cele la care trebuie să răspundeți.",
        ),
        "unmute": Word(
            names="nu-ignora",
            usage=("#nu-ignora",),
            about="Primiți din nou noutăți despre tichet.",
        ),
        "quiet": Word(
            names="liniște",
            usage=("#liniște seara", "#liniște 18:00-8:00", "#liniște oprit", "#liniște"),
            about="Când nu doriți mailuri care pot aștepta; fără oră arată preferințele dumneavoastră.",
        ),
        "digest": Word(
            names="rezumat",
            usage=("#rezumat zilnic", "#rezumat săptămânal", "#rezumat oprit"),
            about="Cât de des vine rezumatul de dimineață.",
        ),
        "away": Word(
            names="absent concediu",
            usage=("#absent până vineri", "#absent de luni până vineri pentru ana", "#absent oprit"),
            about="Lipsiți, inclusiv în ultima zi; cineva vă ține locul. Pentru un coleg este nevoie de un manager.",
        ),
        "save": Word(
            names="salvează",
            usage=("#salvează vip #lista network", "#salvează vip oprit"),
            about="Păstrează o listă sub un nume, pentru #lista vip.",
        ),
        "spam": Word(
            names="spam",
            usage=("#spam",),
            about="Tichetul este spam: se închide fără mail către client, iar următoarele mailuri ale expeditorului "
            "sunt reținute pentru verificare; dacă nimic nu a dovedit expeditorul, doar cele pe care nimic nu le dovedește.",
        ),
        "block": Word(
            names="blochează",
            usage=("#blochează offers@spam.example", "#blochează @spam.example"),
            about="Reține toate mailurile expeditorului pentru verificare; pentru manageri și agenții cu drept de blocare.",
        ),
        "unblock": Word(
            names="deblochează",
            usage=("#deblochează @spam.example",),
            about="Mailurile expeditorului sunt primite din nou.",
        ),
        "notspam": Word(
            names="nu-e-spam",
            usage=("#nu-e-spam 118",),
            about="Primește un mail reținut din cauza expeditorului și ridică blocarea; numărul este în lista zilnică.",
        ),
        "leave": Word(
            names="pleacă",
            usage=("#pleacă ana", "#pleacă ana către network"),
            about="Pentru manageri: predă tot ce are un coleg care pleacă, după o confirmare.",
        ),
        "approve": Word(
            names="aprob aprobat aprobă",
            usage=("#aprob", "#aprob 2 vorbit la telefon"),
            about="Aprobă o cerere care vă așteaptă.",
        ),
        "reject": Word(
            names="resping respins",
            usage=("#resping prea scump",),
            about="Respinge o cerere care vă așteaptă, cu motivul.",
        ),
        "yes": Word(names="da confirm", usage=("#da",), about="Confirmă ceea ce a întrebat sistemul."),
        "cancel": Word(names="nu anulează renunț", usage=("#nu",), about="Anulează ceea ce a întrebat sistemul."),
        "undo": Word(names="retrage înapoi", usage=("#retrage",), about="Anulează ce a făcut ultimul dumneavoastră mail pe tichet."),
        "stop": Word(
            names="stop oprește",
            usage=("#oprește", "#oprește MB-12"),
            about="Retrage răspunsul dumneavoastră care așteaptă să plece și vă înapoiază textul.",
        ),
        "erase": Word(
            names="șterge",
            usage=("#șterge",),
            about="Șterge definitiv conținutul mailurilor, după o confirmare.",
        ),
        "show": Word(
            names="arată vezi",
            usage=("#arată", "#arată MB-1042"),
            about="Un tichet pe scurt, cu ultimele mesaje.",
        ),
        "full": Word(
            names="istoric tot",
            usage=("#istoric", "#istoric MB-1042", "#istoric MB-1042/3"),
            about="Tot istoricul unui tichet; dintr-un mesaj tot textul, cu citat și semnătură.",
        ),
        "why": Word(
            names="explică dece",
            usage=("#explică", "#explică MB-1042"),
            about="Explică termenele unui tichet: timpul numărat, în pauză și în afara programului.",
        ),
        "list": Word(
            names="listă",
            usage=("#listă mele", "#listă echipa", "#listă libere", "#listă întârziate", "#listă amânate", "#listă network"),
            about="Tichete deschise, cu legături pentru fiecare.",
        ),
        "search": Word(
            names="caută",
            usage=("#caută eroare E-52",),
            about="Mailuri și note care au toate aceste cuvinte.",
        ),
        "kb": Word(
            names="articole cunoștințe",
            usage=("#articole", "#articole eroare E-52", "#articole KB-17", "#articole nou", "#articole acceptă KB-18"),
            about="Articole care se potrivesc. Cu „nou” mailul dumneavoastră devine un articol; un manager îl acceptă sau îl respinge.",
        ),
        "answers": Word(
            names="șabloane",
            usage=("#șabloane", "#șabloane visit",),
            about="Răspunsurile pregătite.",
        ),
        "docs": Word(
            names="documente fișiere",
            usage=("#documente", "#documente manual pdf"),
            about="Fișiere: ale tichetului, sau toate care se potrivesc.",
        ),
        "agenda": Word(
            names="agendă planuri",
            usage=("#agendă", "#agendă ana marți", "#agendă echipa"),
            about="Munca planificată a următoarelor șapte zile.",
        ),
        "report": Word(
            names="raport",
            usage=(
                "#raport timp", "#raport echipa săptămânal", "#raport coada", "#raport eu", "#raport clienți", "#raport ore ACME",
                "#raport note",
            ),
            about="Orele dumneavoastră, săptămâna unei echipe, tichetele deschise, "
            "săptămâna dumneavoastră, clienții dumneavoastră, un cont de ore, evaluările clienților.",
        ),
        "to": Word(
            names="catre",
            usage=("#către ana@acme.example", "#către ana@acme.example, dan@acme.example"),
            about="Într-un mail nou: trimite textul acestor persoane și deschide un tichet pentru prima.",
        ),
        "for": Word(
            names="pentru",
            usage=("#pentru carol@acme.example",),
            about="Într-un mail nou: tichetul este al acestui client.",
        ),
        "channel": Word(names="canal", usage=("#canal telefon",), about="Într-un mail nou: cum a venit clientul."),
        "help": Word(
            names="ajutor comenzi",
            usage=("#ajutor", "#ajutor timp"),
            about="Această pagină, sau o comandă din ea.",
        ),
    },
    rooms={
        "who": "Cine", "state": "În ce stare este", "facts": "Despre ce este", "text": "Textul dumneavoastră",
        "when": "Când", "work": "Muncă", "others": "Alte tichete",
        "wishes": "Preferințele dumneavoastră și spamul",
        "consent": "Confirmare și anulare", "ask": "Întrebări", "new": "Tichete noi și ajutor",
    },
    weekdays=("luni lun", "marți ma", "miercuri mie", "joi", "vineri vin", "sâmbătă sâmbăta sâm", "duminică duminica dum"),
    months=(
        "ianuarie ian", "februarie feb", "martie mart", "aprilie apr", "mai", "iunie iun", "iulie iul", "august aug",
        "septembrie sept sep", "octombrie oct", "noiembrie nov noi", "decembrie dec",
    ),
    days={-2: "alaltăieri", -1: "ieri", 0: "azi, astăzi, acum", 1: "mâine", 2: "poimâine"},
    next_week="săptămâna viitoare, săpt viitoare",
    noon="prânz amiază",
    minutes="m min minut minute",
    hours="h oră ore ora",
    units_of_days="z zi zile",
    weeks="s săpt săptămână săptămâni",
    units_of_months="lună luni",
    one="o un una",
    ahead="în peste",
    at="la ora orele",
    fillers="pe la până pana în din de ora orele data viitoare viitor următoare următorul acest această",
    none="niciunul nimic nimeni nu fără scoate",
    me="mie mine eu",
    into="în la cu",
    also="și",
    km="km kilometri kilometru",
    billable="facturabil, facturabilă",
    not_billable="nefacturabil, nefacturabilă, nu se facturează, fără factură, gratuit",
    relations={
        "related": "legat, legat de, cu, de",
        "blocks": "blochează",
        "blocked-by": "blocat de, blocată de, așteaptă",
        "duplicates": "duplicat, dublează, la fel ca",
        "task-of": "sarcină a, parte din, ține de",
    },
    priorities={
        "low": "mică mic scăzută joasă", "normal": "normală medie", "high": "mare ridicată înaltă importantă",
        "urgent": "urgentă critică critic",
    },
    lists={
        "mine": "mele, ale mele, al meu, eu",
        "team": "echipa, echipa mea, echipei",
        "unclaimed": "libere, nepreluate, neatribuite, noi, nimeni",
        "overdue": "întârziate, depășite, restante",
        "snoozed": "amânate",
    },
    parts={
        "person": "persoană persoane", "location": "locație locația sediu", "device": "echipament dispozitiv aparat",
        "customer": "client clientul firma",
    },
    keys={
        "name": "nume numele", "role": "rol rolul funcție", "phones": "telefon telefoane mobil", "language": "limba",
        "title": "titlu denumire", "region": "regiune", "zone": "fus", "calendar": "program calendar", "km": "distanța",
        "tag": "eticheta", "type": "tip", "model": "model", "location": "locație sediu", "tier": "nivel",
        "terms": "termeni glosar",
    },
    yes="da confirm aprob",
    no="nu anulez resping renunț",
    channels={"phone": "telefon telefonic", "walk-in": "ghișeu personal vizită", "mail": "mail email", "chat": "chat"},
)  # fmt: skip
