import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.PerFieldAnalyzerWrapper;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.monitor.TermFilteredPresearcher;
import org.apache.lucene.monitor.TermWeightor;
import org.apache.lucene.queries.spans.SpanMultiTermQueryWrapper;
import org.apache.lucene.queries.spans.SpanNearQuery;
import org.apache.lucene.queries.spans.SpanOrQuery;
import org.apache.lucene.queries.spans.SpanQuery;
import org.apache.lucene.queries.spans.SpanTermQuery;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/**
 * Matches reports against watchlists with Lucene Monitor, on one thread, and prints one JSON object: documents a second one by one and in batches
 * of 1,000 (medians over the rounds, after a warm-up), and how many matches there were.
 *
 * <p>What it leaves out of the language: plurals, the end of a sentence inside `near`, Arabic clitics, and reasons.
 */
public final class Monitoring {
  private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean(); // what else the machine does is not counted
  private static final int BATCH = 1000;
  private static final Set<String> COMMON = Set.of("label", "language", "has", "partners", "countries", "home", "topics", "organisations", "people");

  /** The words of a text: as written, folded, or folded and by their beginnings. */
  private static final class Words extends Analyzer {
    private final boolean folded;
    private final boolean beginnings;

    Words(boolean folded, boolean beginnings) {
      this.folded = folded;
      this.beginnings = beginnings;
    }

    @Override
    protected TokenStreamComponents createComponents(String field) {
      Tokenizer words = new StandardTokenizer();
      TokenStream stream = folded ? new ASCIIFoldingFilter(new LowerCaseFilter(words)) : words;
      return new TokenStreamComponents(words, beginnings ? new EdgeNGramTokenFilter(stream, 4, 20, false) : stream);
    }

    @Override
    public int getPositionIncrementGap(String field) {
      return 100; // no phrase reaches from the title into the lead
    }
  }

  private static final Analyzer FOLDED = new Words(true, false);
  private static final Analyzer EXACT = new Words(false, false);

  public static void main(String[] arguments) throws IOException {
    List<MonitorQuery> queries = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      JsonObject one = JsonParser.parseString(line).getAsJsonObject();
      queries.add(new MonitorQuery(one.get("id").getAsString(), query(one.getAsJsonObject("query"))));
    }
    List<Document> reports = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(arguments[1]))) {
      reports.add(document(JsonParser.parseString(line).getAsJsonObject()));
    }
    int rounds = Integer.parseInt(arguments[2]);
    // A prefix is looked up among the beginnings of the words: a PrefixQuery would be tried on every report.
    Analyzer analyzer = new PerFieldAnalyzerWrapper(new KeywordAnalyzer(), Map.of("text", FOLDED, "title", FOLDED, "exact", EXACT, "begins", new Words(true, true)));
    // Words before labels and countries, which most reports share: without it half of the queries would be tried on each report.
    TermWeightor weightor = TermWeightor.combine(TermWeightor.DEFAULT, TermWeightor.fieldWeightor(0.001, COMMON));
    try (Monitor monitor = new Monitor(analyzer, new TermFilteredPresearcher(weightor, List.of(), Set.of()))) {
      monitor.register(queries);
      long matches = 0;
      long tried = 0;
      double[] single = new double[rounds];
      double[] batched = new double[rounds];
      for (int round = -2; round < rounds; round++) { // two to warm up
        matches = 0;
        tried = 0;
        long start = THREAD.getCurrentThreadCpuTime();
        for (Document report : reports) {
          var found = monitor.match(report, QueryMatch.SIMPLE_MATCHER);
          matches += found.getMatchCount();
          tried += found.getQueriesRun();
        }
        long between = THREAD.getCurrentThreadCpuTime();
        for (int at = 0; at < reports.size(); at += BATCH) {
          Document[] batch = reports.subList(at, Math.min(at + BATCH, reports.size())).toArray(new Document[0]);
          monitor.match(batch, QueryMatch.SIMPLE_MATCHER);
        }
        if (round >= 0) {
          single[round] = reports.size() / ((between - start) / 1e9);
          batched[round] = reports.size() / ((THREAD.getCurrentThreadCpuTime() - between) / 1e9);
        }
      }
      System.out.printf("{\"one_by_one\": %.1f, \"batches\": %.1f, \"matches\": %d, \"tried\": %d}%n", median(single), median(batched), matches, tried);
    }
  }

  private static double median(double[] rates) {
    Arrays.sort(rates);
    return rates[rates.length / 2];
  }

  private static Document document(JsonObject report) {
    Document document = new Document();
    for (String part : List.of("title", "lead", "body")) {
      document.add(new TextField("text", report.get(part).getAsString(), Field.Store.NO));
      document.add(new TextField("exact", report.get(part).getAsString(), Field.Store.NO));
      document.add(new TextField("begins", report.get(part).getAsString(), Field.Store.NO));
    }
    document.add(new TextField("title", report.get("title").getAsString(), Field.Store.NO));
    for (Map.Entry<String, JsonElement> values : report.getAsJsonObject("values").entrySet()) {
      for (JsonElement value : values.getValue().getAsJsonArray()) {
        document.add(new StringField(values.getKey(), value.getAsString(), Field.Store.NO));
      }
    }
    return document;
  }

  private static Query query(JsonObject node) throws IOException {
    if (node.has("all")) {
      BooleanQuery.Builder all = new BooleanQuery.Builder();
      for (JsonElement part : node.getAsJsonArray("all")) {
        JsonObject one = part.getAsJsonObject();
        boolean excluded = one.has("not");
        all.add(query(excluded ? one.getAsJsonObject("not") : one), excluded ? Occur.MUST_NOT : Occur.MUST);
      }
      return all.build();
    }
    if (node.has("some")) {
      BooleanQuery.Builder some = new BooleanQuery.Builder();
      for (JsonElement part : node.getAsJsonArray("some")) {
        some.add(query(part.getAsJsonObject()), Occur.SHOULD);
      }
      return some.setMinimumNumberShouldMatch(node.get("least").getAsInt()).build();
    }
    if (node.has("key")) {
      BooleanQuery.Builder one = new BooleanQuery.Builder();
      for (JsonElement value : node.getAsJsonArray("values")) {
        one.add(new TermQuery(new Term(node.get("key").getAsString(), value.getAsString())), Occur.SHOULD);
      }
      return one.build();
    }
    if (node.has("near")) {
      JsonArray groups = node.getAsJsonArray("near");
      SpanQuery[] both = {group(groups.get(0).getAsJsonArray()), group(groups.get(1).getAsJsonArray())};
      return new SpanNearQuery(both, node.get("within").getAsInt(), false);
    }
    return phrase(node);
  }

  private static Query phrase(JsonObject node) throws IOException {
    String field = node.get("field").getAsString();
    List<String> words = words(field, node.get("phrase").getAsString());
    boolean prefix = node.get("prefix").getAsBoolean();
    if (prefix) {
      return words.size() == 1 ? new TermQuery(new Term("begins", words.get(0))) : span(field, words, true);
    }
    return words.size() == 1 ? new TermQuery(new Term(field, words.get(0))) : new PhraseQuery(field, words.toArray(new String[0]));
  }

  private static SpanQuery group(JsonArray phrases) throws IOException {
    List<SpanQuery> any = new ArrayList<>();
    for (JsonElement each : phrases) {
      JsonObject node = each.getAsJsonObject();
      String field = "text"; // both sides of `near` must be of one field, so an exact word is looked for in any case here
      any.add(span(field, words(field, node.get("phrase").getAsString()), node.get("prefix").getAsBoolean()));
    }
    return new SpanOrQuery(any.toArray(new SpanQuery[0]));
  }

  private static SpanQuery span(String field, List<String> words, boolean prefix) {
    List<SpanQuery> row = new ArrayList<>();
    for (int at = 0; at < words.size(); at++) {
      Term term = new Term(field, words.get(at));
      row.add(prefix && at == words.size() - 1 ? new SpanMultiTermQueryWrapper<>(new PrefixQuery(term)) : new SpanTermQuery(term));
    }
    return row.size() == 1 ? row.get(0) : new SpanNearQuery(row.toArray(new SpanQuery[0]), 0, true);
  }

  private static List<String> words(String field, String text) throws IOException {
    List<String> words = new ArrayList<>();
    try (TokenStream tokens = (field.equals("exact") ? EXACT : FOLDED).tokenStream(field, text)) {
      CharTermAttribute word = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(word.toString());
      }
      tokens.end();
    }
    return words;
  }
}
