#include "sync/feeds/nsrl_feed.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/csv_table.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/nsrl_database.h"
#include "sync/feeds/nsrl_delta.h"
#include "sync/feeds/nsrl_row.h"

namespace cloister::feeds {
namespace {

constexpr absl::string_view kSqliteMagic = "SQLite format 3";
constexpr size_t kFirstBytes = 64;

bool IsSqlText(absl::string_view first) {
  const std::string text = absl::AsciiStrToUpper(absl::StripLeadingAsciiWhitespace(first));
  for (const absl::string_view word :
       {"INSERT", "BEGIN", "CREATE", "DELETE", "UPDATE", "PRAGMA", "DROP", "--"}) {
    if (absl::StartsWith(text, word)) return true;
  }
  return false;
}

// A file in the folder of `path`.
FeedSource Beside(const std::string& path, absl::string_view name) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return FeedSource(absl::StrCat(folder, name));
}

// Rows of one of the small tables of RDS 2.x. A table that is not there has no rows.
template <typename TakeRow>
absl::Status EachRow(const std::string& path, absl::string_view name,
                     const std::vector<absl::string_view>& columns, const TakeRow& take) {
  absl::StatusOr<LineReader> lines = Beside(path, name).Lines();
  if (absl::IsNotFound(lines.status())) return absl::OkStatus();
  if (!lines.ok()) return lines.status();
  CsvTable table(&*lines);
  absl::Status header = table.ReadHeader(columns);
  if (!header.ok()) return absl::Status(header.code(), absl::StrCat(name, ": ", header.message()));
  for (size_t rows = 0; table.Next(); ++rows) {
    if (rows == NsrlProducts::kMaxProducts) {
      return absl::ResourceExhaustedError(absl::StrCat(name, ": more rows than any release has"));
    }
    if (!table.fault().has_value()) take(table);
  }
  return lines->status();
}

using Names = std::unordered_map<std::string, std::string>;

absl::string_view NameOf(const Names& names, absl::string_view code) {
  const auto found = names.find(FitLabel(code));
  return found != names.end() ? absl::string_view(found->second) : absl::string_view();
}

absl::Status ReadLegacyProducts(const std::string& path, NsrlProducts* products) {
  if (path.empty()) return absl::OkStatus();
  Names makers;
  absl::Status read =
      EachRow(path, "NSRLMfg.txt", {"mfgcode", "mfgname"}, [&makers](const CsvTable& row) {
        makers.try_emplace(FitLabel(row.Get("mfgcode")), FitLabel(row.Get("mfgname")));
      });
  if (!read.ok()) return read;
  Names systems;
  read = EachRow(path, "NSRLOS.txt", {"opsystemcode", "opsystemname", "opsystemversion"},
                 [&systems](const CsvTable& row) {
                   std::string name(row.Get("opsystemname"));
                   const absl::string_view version = row.Get("opsystemversion");
                   if (!version.empty()) absl::StrAppend(&name, " ", version);
                   systems.try_emplace(FitLabel(row.Get("opsystemcode")), FitLabel(name));
                 });
  if (!read.ok()) return read;
  return EachRow(path, "NSRLProd.txt",
                 {"productcode", "productname", "productversion", "opsystemcode", "mfgcode"},
                 [&](const CsvTable& row) {
                   int64_t code = 0;
                   if (!absl::SimpleAtoi(row.Get("productcode"), &code)) return;
                   products->labels.try_emplace(
                       code, NsrlLabel(row.Get("productname"), row.Get("productversion"),
                                       NameOf(systems, row.Get("opsystemcode")),
                                       NameOf(makers, row.Get("mfgcode"))));
                 });
}

class NsrlFeed : public FeedReader {
 public:
  explicit NsrlFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::string> first = source.Begin(kFirstBytes);
    if (!first.ok()) return first.status();
    FeedOutput output(sink, report);
    if (absl::StartsWith(*first, kSqliteMagic)) return ReadDatabase(source, output);
    if (IsSqlText(*first)) {
      return absl::InvalidArgumentError(
          "this is SQL text (a delta or a schema); the source is the database of the full release, "
          "and deltas are named beside it");
    }
    if (!options_.deltas.empty()) {
      return absl::InvalidArgumentError("deltas change an RDSv3 database, and this is none");
    }
    return ReadLegacy(source, output);
  }

 private:
  absl::Status ReadDatabase(const FeedSource& source, FeedOutput& output) {
    if (source.path().empty()) {
      return absl::InvalidArgumentError("a database has to be a file");
    }
    std::string path = source.path();
    std::unique_ptr<PrivateFile> copy;
    if (!options_.deltas.empty()) {
      absl::StatusOr<std::unique_ptr<PrivateFile>> made = ApplyNsrlDeltas(
          path, options_.deltas,
          [this](uint64_t statements) { MayTellProgress(statements, "statements"); });
      if (!made.ok()) return made.status();
      copy = *std::move(made);
      path = copy->path();
    }
    uint64_t rows = 0;
    absl::Status read = ReadNsrlDatabase(
        path, options_,
        [&](uint64_t number) {
          rows = number;
          MayTellProgress(number, "rows");
        },
        output);
    output.report()->SetLines(rows);
    return read;
  }

  absl::Status ReadLegacy(const FeedSource& source, FeedOutput& output) {
    NsrlProducts products;
    absl::Status read = ReadLegacyProducts(source.path(), &products);
    if (!read.ok()) return read;
    absl::StatusOr<LineReader> lines = source.Lines();
    if (!lines.ok()) return lines.status();
    CsvTable table(&*lines);
    absl::Status header = table.ReadHeader({"sha-1", "md5"});
    if (!header.ok()) return header;
    while (table.Next()) {
      MayTellProgress(lines->number(), "lines");
      if (table.fault().has_value()) {
        output.Reject(*table.fault(), table.place());
        continue;
      }
      int64_t code = -1;
      if (!absl::SimpleAtoi(table.Get("productcode"), &code)) code = -1;
      absl::Status taken = TakeNsrlRow({table.Get("sha-256"), table.Get("sha-1"), table.Get("md5")},
                                       products.Find(code), options_, table.place().line, output);
      if (!taken.ok()) return taken;
    }
    output.report()->SetLines(lines->number());
    return lines->status();
  }

  FeedOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewNsrlFeed(const FeedOptions& options) {
  return std::make_unique<NsrlFeed>(options);
}

}  // namespace cloister::feeds
