#include "sync/publisher/publication/source_configuration.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/publisher/repository/settings.h"
#include "sync/publisher/sources/web_url.h"

namespace cloister::publisher {
namespace {

using config::TomlTable;
using reputation::Category;
using reputation::Verdict;

constexpr int64_t kMaxMegabytes = 1 << 20;
constexpr int64_t kMaxTimeoutSeconds = 24 * 3600;
constexpr int64_t kMaxCopyHours = 10 * 365 * 24;
constexpr double kMaxValidDays = 10 * 365;

// Names of an enum whose values are numbered from 1 without gaps.
template <typename Enum>
std::vector<std::string> NamesOf(absl::string_view (*name)(Enum)) {
  std::vector<std::string> names;
  for (uint8_t i = 1; i < std::numeric_limits<uint8_t>::max(); ++i) {
    const absl::string_view found = name(static_cast<Enum>(i));
    if (found.empty() || found == "unknown") break;
    names.emplace_back(found);
  }
  return names;
}

std::vector<std::string> VerdictNames() { return NamesOf<Verdict>(reputation::VerdictName); }

std::vector<Category> CategoriesFrom(const TomlTable& table, const std::string& name) {
  std::vector<Category> categories;
  for (const std::string& word : table.Texts(name)) {
    const std::optional<Category> category = reputation::CategoryFromName(word);
    if (category.has_value()) {
      categories.push_back(*category);
    } else {
      table.Mistake(name,
                    absl::StrCat("no category is called \"", word, "\"; there are: ",
                                 absl::StrJoin(NamesOf<Category>(reputation::CategoryName), ", ")));
    }
  }
  absl::c_sort(categories);
  categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
  return categories;
}

uint8_t ContextsFrom(const TomlTable& table) {
  uint8_t bits = 0;
  for (const std::string& word : table.Texts("applies_to")) {
    const std::optional<reputation::LookupContext> context =
        reputation::LookupContextFromName(word);
    if (context.has_value() && *context != reputation::LookupContext::kAny) {
      bits |= reputation::ContextBit(*context);
    } else {
      table.Mistake("applies_to",
                    absl::StrCat("no context is called \"", word,
                                 "\"; there are: url_host, sender_domain, smtp_client, c2"));
    }
  }
  return bits;
}

std::map<Verdict, Verdict> VerdictMapFrom(const TomlTable& table) {
  std::map<Verdict, Verdict> map;
  const std::vector<std::string> names = VerdictNames();
  for (const std::string& from : table.Names()) {
    const std::optional<Verdict> stated = reputation::VerdictFromName(from);
    const std::string to = table.Choice(from, names, from);
    if (!stated.has_value()) {
      table.Mistake(from, absl::StrCat("is no verdict; there are: ", absl::StrJoin(names, ", ")));
    } else if (const std::optional<Verdict> meant = reputation::VerdictFromName(to)) {
      map[*stated] = *meant;
    }
  }
  return map;
}

uint8_t Percent(const TomlTable& table, absl::string_view name, uint8_t otherwise) {
  return static_cast<uint8_t>(table.Integer(name, {0, 100}, otherwise));
}

SourceTerms ReadTerms(const TomlTable& table) {
  SourceTerms terms;
  terms.trust = Percent(table, "trust", terms.trust);
  if (table.Has("verdict")) {
    terms.verdict = reputation::VerdictFromName(table.Choice("verdict", VerdictNames(), ""));
  }
  terms.verdict_map = VerdictMapFrom(table.Table("verdicts"));
  terms.categories = CategoriesFrom(table, "add_categories");
  const TomlTable categories = table.Table("categories");
  for (const std::string& word : categories.Names()) {
    terms.category_map[absl::AsciiStrToLower(word)] = CategoriesFrom(categories, word);
  }
  terms.confidence = Percent(table, "confidence", terms.confidence);
  terms.max_confidence = Percent(table, "max_confidence", terms.max_confidence);
  if (terms.confidence > terms.max_confidence) {
    table.Mistake("confidence", "is above max_confidence; lower the one or raise the other");
  }
  terms.valid_for = absl::Hours(24) * table.Number("valid_for_days", {0, kMaxValidDays}, 0);
  if (terms.valid_for > absl::ZeroDuration() && terms.valid_for < absl::Hours(1)) {
    table.Mistake("valid_for_days", "is less than an hour; 0 is until the source drops the entry");
  }
  terms.applies_to = ContextsFrom(table);
  return terms;
}

WebSource ReadWeb(const TomlTable& table) {
  WebSource web;
  web.url = table.Text("url");
  web.allow_http = table.Flag("allow_http", false);
  if (absl::Status good = ParseWebUrl(web.url, web.allow_http).status(); !good.ok()) {
    table.Mistake("url", good.message());
  }
  const TomlTable headers = table.Table("header_files");
  for (const std::string& name : headers.Names()) {
    web.header_files[name] = headers.RequiredPath(name);
  }
  web.ca_file = table.Path("ca_file");
  web.proxy = table.Text("proxy");
  web.max_bytes = static_cast<uint64_t>(table.Integer("max_mb", {1, kMaxMegabytes}, 4096)) << 20;
  web.timeout = absl::Seconds(table.Integer("timeout_s", {1, kMaxTimeoutSeconds}, 1800));
  return web;
}

void ReadPlace(const TomlTable& table, PublicationSource* source) {
  source->path = table.Path("path");
  if (table.Has("url")) source->web = ReadWeb(table);
  if (source->path.empty() == source->web.has_value()) return;
  table.Mistake("path", source->web.has_value()
                            ? "stands beside url; a source has one of the two"
                            : "or url is missing: say where the source is to be had");
}

trust::SourceNote ReadNote(const TomlTable& table, const std::string& name) {
  trust::SourceNote note;
  note.name = name;
  note.licence = table.Text("licence");
  note.attribution = table.Text("attribution");
  note.url = table.Text("licence_url");
  note.redistribution =
      reputation::RedistributionFromName(
          table.Choice("redistribution", {"unstated", "allowed", "internal", "forbidden"},
                       "unstated"))
          .value_or(trust::Redistribution::kUnstated);
  if (name.empty()) return note;
  if (absl::Status good = reputation::CheckSourceNotes({note}); !good.ok()) {
    table.Mistake("licence", good.message());
  }
  return note;
}

std::string ReadName(const TomlTable& table, std::set<std::string>* names) {
  std::string name = table.RequiredText("name");
  if (name.empty()) return name;
  if (absl::Status good = CheckFeedName(name); !good.ok()) {
    table.Mistake("name", good.message());
  } else if (!names->insert(name).second) {
    table.Mistake("name", "is that of another [[source]], too; every source needs its own");
  }
  return name;
}

}  // namespace

PublicationSource ReadSource(const TomlTable& table, std::set<std::string>* names) {
  PublicationSource source;
  source.name = ReadName(table, names);
  source.format = table.RequiredText("format");
  ReadPlace(table, &source);
  const TomlTable columns = table.Table("columns");
  for (const std::string& ours : columns.Names()) {
    source.reading.columns[ours] = columns.RequiredText(ours);
  }
  source.reading.minimum_count = static_cast<uint32_t>(
      table.Integer("minimum_count", {1, std::numeric_limits<uint32_t>::max()}, 1));
  source.reading.deltas = table.Paths("deltas");
  source.terms = ReadTerms(table);
  source.note = ReadNote(table, source.name);
  source.min_kept_share = table.Number("min_kept_share", {0, 1}, source.min_kept_share);
  source.use_last_copy_for =
      absl::Hours(table.Integer("use_last_copy_for_h", {0, kMaxCopyHours}, 72));
  if (source.format.empty()) return source;
  // Names the formats that there are, or what is wrong with the columns.
  absl::StatusOr<std::unique_ptr<feeds::FeedReader>> reader =
      feeds::NewFeedReader(source.format, ReadingOptions(source));
  if (!reader.ok()) table.Mistake("format", reader.status().message());
  return source;
}

feeds::FeedOptions ReadingOptions(const PublicationSource& source) {
  feeds::FeedOptions options = source.reading;
  if (source.terms.verdict.has_value()) options.verdict = source.terms.verdict;
  if (source.terms.confidence != 0) options.confidence = source.terms.confidence;
  for (const auto& [word, categories] : source.terms.category_map) {
    options.category_map[word] = categories;
  }
  return options;
}

}  // namespace cloister::publisher
