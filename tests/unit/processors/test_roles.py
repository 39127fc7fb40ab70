"""Home, partner or only mentioned: what the features say, and what becomes of the scores."""

from processors.clubs import club_features
from processors.countries import candidates
from processors.label import Binary
from processors.lists import rows_of
from processors.reading import Reading, read
from processors.roles import ORDER, choose_home, choose_partners, home_features, judge_roles, partner_features
from processors.taxonomy import Taxonomy


def reading_of(taxonomy: Taxonomy, title: str, *, language: str = "en", body: str = "", outlet: str = "") -> Reading:
    return read(taxonomy, title=title, lead="", body=body, language=language, outlet=outlet)


def test_three_countries_in_one_breath_are_a_list(taxonomy: Taxonomy) -> None:
    for title, language, codes in (
        ("Ministers of Kenya, Ghana and Tanzania meet", "en", {"KE", "GH", "TZ"}),
        ("الإمارات والعراق وقطر توقع اتفاقا", "ar", {"AE", "IQ", "QA"}),
        ("肯尼亚、加纳和坦桑尼亚签署", "zh", {"KE", "GH", "TZ"}),
        ("Министры Казахстана, Киргизии и Узбекистана", "ru", {"KZ", "KG", "UZ"}),
    ):
        reading = reading_of(taxonomy, title, language=language)
        assert [row.codes for row in rows_of(reading, candidates(taxonomy, reading))] == [codes]


def test_two_countries_or_far_ones_are_no_list(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "Kenya and Ghana sign a pact that the minister of industry of Tanzania will study before long")
    assert rows_of(reading, candidates(taxonomy, reading)) == []


def test_the_members_of_a_list_share_their_scores(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "Kenya, Ghana, Tanzania agree", body="Peru was not asked.")
    named = candidates(taxonomy, reading)
    features = {code: {code: 1.0} for code in named}
    model = Binary(0.0, {"KE": 3.0, "GH": 3.0, "TZ": -1.0, "PE": -1.0})
    roles = choose_partners(model, features, None, [row.codes for row in rows_of(reading, named)], least=0.5)
    assert set(roles.partners) == {"KE", "GH", "TZ"}
    assert roles.scores["PE"] < 0.5


def test_the_first_in_the_title_leads_and_the_second_follows(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "Oman visits Peru")
    own = home_features(reading, candidates(taxonomy, reading))
    assert f"{ORDER}leads:engagement:visit" in own["OM"]
    assert f"{ORDER}follows:engagement:visit" in own["PE"]
    joined = partner_features(reading, candidates(taxonomy, reading), own, "OM", [])
    assert list(joined) == ["PE"]
    assert not any(name.startswith(ORDER) for name in joined["PE"])


def test_a_language_speaks_for_the_countries_that_write_it(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "Rusia y Bolivia abren un laboratorio", language="es")
    own = home_features(reading, candidates(taxonomy, reading))
    assert "spoken" in own["BO"]
    assert "spoken" not in own["RU"]
    assert choose_home(Binary(0.0, {"spoken": 1.0}), own) == "BO"


def test_home_is_nobody_where_no_candidate_beats_it(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "A new phone is out")
    assert judge_roles(Binary(0.0, {}), Binary(0.0, {}), reading, candidates(taxonomy, reading), least=0.5).home is None


def test_the_seat_of_a_body_is_told_from_a_state(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "Manila approves ADB loan for Nepal")
    told = club_features(reading, candidates(taxonomy, reading), ())
    assert {"seat", "seat:town", "town:body"} <= told["PH"]
    assert not told["NP"]


def test_listed_members_of_a_club_are_told_from_scattered_ones(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "BRICS ministers of Brazil, India and China meet", body="Russia was not there. Peru was a guest.")
    named = candidates(taxonomy, reading)
    told = club_features(reading, named, [row.codes for row in rows_of(reading, named)])
    assert {"member", "member:4", "member:listed"} == told["CN"]
    assert "member:not listed" in told["RU"]
    assert "member" not in told["PE"]


def test_a_states_agency_speaks_for_it(taxonomy: Taxonomy) -> None:
    reading = reading_of(taxonomy, "MCMC, Ofcom to share age-check tools")
    named = candidates(taxonomy, reading)
    assert named["GB"].mentions
    own = home_features(reading, named)
    assert set(partner_features(reading, named, own, "MY", [])) == {"GB"}
