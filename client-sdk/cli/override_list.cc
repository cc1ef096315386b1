#include "client-sdk/cli/override_list.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client-sdk/cli/durations.h"
#include "reputation/url.h"
#include "reputation/utf8.h"

namespace cloister::cli {
namespace {

using feeds::RowFault;
using reputation::Category;
using reputation::LookupContext;
using reputation::ObjectKind;
using reputation::Scope;

constexpr char kStandardInput[] = "/dev/stdin";

absl::Status Wrong(absl::string_view option, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", why));
}

absl::Status ReadSource(const ListArguments& arguments, OverrideList* list) {
  const std::string text = arguments.format.empty()
                               ? arguments.source
                               : absl::StrCat(arguments.format, ":", arguments.source);
  absl::StatusOr<feeds::SourceSpec> source = feeds::ParseSourceSpec(text);
  if (!source.ok()) return source.status();
  list->source = *std::move(source);
  if (list->source.path == "-") list->source.path = kStandardInput;
  return absl::OkStatus();
}

absl::Status ReadCategories(const std::vector<std::string>& names, feeds::FeedOptions* options) {
  if (names.empty()) return absl::OkStatus();
  std::vector<Category> categories;
  for (const std::string& name : names) {
    const std::optional<Category> category = reputation::CategoryFromName(name);
    if (!category.has_value()) {
      return Wrong("--categories", absl::StrCat("\"", name, "\" is none; see --help"));
    }
    categories.push_back(*category);
  }
  options->categories = std::move(categories);
  return absl::OkStatus();
}

absl::Status ReadColumns(const std::vector<std::string>& columns, feeds::FeedOptions* options) {
  for (const std::string& column : columns) {
    const std::pair<std::string, std::string> names =
        absl::StrSplit(column, absl::MaxSplits('=', 1));
    if (names.first.empty() || names.second.empty()) {
      return Wrong("--column", absl::StrCat("\"", column,
                                            "\" is not OURS=THEIRS, such as "
                                            "value=indicator"));
    }
    options->columns[names.first] = names.second;
  }
  return absl::OkStatus();
}

// The fault that keeps an entry from being an override.
std::optional<feeds::Fault> WhyLeftOut(const feeds::FeedEntry& entry, absl::Time now) {
  if (entry.record.excluded) {
    return feeds::Fault{RowFault::kUnsupported,
                        "excepts this from a wider listing, which an override cannot say; set an "
                        "override of its own: cloister override set … --verdict known"};
  }
  if (entry.record.ExpiredAt(now)) return feeds::Fault{RowFault::kExpired, "has lapsed"};
  if (entry.listed.empty()) {
    return feeds::Fault{RowFault::kUnsupported, "is known by its lookup key alone"};
  }
  return std::nullopt;
}

// The list's own scope, or the one that the command line has for those without.
Scope ScopeOf(const feeds::FeedEntry& entry, const OverrideList& list) {
  const ObjectKind kind = entry.key.kind();
  const bool may_be_wider = kind == ObjectKind::kHost ||
                            (kind == ObjectKind::kUrl && list.scope != Scope::kSubdomainsOnly);
  if (entry.record.scope != Scope::kExact || !may_be_wider) return entry.record.scope;
  return list.scope.value_or(Scope::kExact);
}

// As text: URLs may be listed with any bytes, which their canonical form escapes.
std::string TextOf(const feeds::FeedEntry& entry) {
  absl::string_view listed = entry.listed;
  if (entry.key.kind() == ObjectKind::kHost) absl::ConsumePrefix(&listed, "*.");
  if (reputation::IsUtf8(listed)) return std::string(listed);
  const absl::StatusOr<reputation::CanonicalUrl> url = reputation::CanonicalizeUrl(listed);
  return url.ok() ? url->ToString() : absl::CHexEscape(listed);
}

v1::Override OverrideOf(const feeds::FeedEntry& entry, const OverrideList& list) {
  v1::Override one;
  one.mutable_object()->set_kind(static_cast<v1::ObjectKind>(entry.key.kind()));
  one.mutable_object()->set_text(TextOf(entry));
  one.set_verdict(static_cast<v1::Verdict>(entry.record.verdict));
  one.set_scope(static_cast<v1::Scope>(static_cast<int>(ScopeOf(entry, list)) + v1::SCOPE_EXACT));
  if (entry.record.valid_until_hours != 0) {
    one.mutable_valid_until()->set_seconds(absl::ToUnixSeconds(entry.record.valid_until()));
  } else if (list.valid_until.has_value()) {
    one.mutable_valid_until()->set_seconds(absl::ToUnixSeconds(*list.valid_until));
  }
  one.set_threat_name(entry.label.threat_name);
  for (const Category category : entry.label.categories) {
    one.add_categories(static_cast<v1::Category>(category));
  }
  one.set_confidence(entry.record.confidence);
  for (int context = v1::LookupContext_MIN + 1; context <= v1::LookupContext_MAX; ++context) {
    const uint8_t bit = reputation::ContextBit(static_cast<LookupContext>(context));
    if ((entry.record.applies_to & bit) != 0) {
      one.add_applies_to(static_cast<v1::LookupContext>(context));
    }
  }
  return one;
}

}  // namespace

absl::StatusOr<OverrideList> ReadListArguments(const ListArguments& arguments, absl::Time now) {
  OverrideList list;
  list.now = now;
  if (absl::Status s = ReadSource(arguments, &list); !s.ok()) return s;
  if (absl::Status s = ReadCategories(arguments.categories, &list.options); !s.ok()) return s;
  if (absl::Status s = ReadColumns(arguments.columns, &list.options); !s.ok()) return s;
  list.options.verdict = reputation::VerdictFromName(arguments.verdict);
  list.scope = reputation::ScopeFromName(arguments.scope);
  list.options.confidence = static_cast<uint8_t>(arguments.confidence);
  if (arguments.valid_for.empty()) return list;
  const absl::StatusOr<absl::Duration> valid_for = ParseDuration(arguments.valid_for);
  if (!valid_for.ok()) return Wrong("--valid-for", valid_for.status().message());
  list.valid_until = now + absl::Ceil(*valid_for, absl::Seconds(1));
  return list;
}

absl::Status ReadOverrides(const OverrideList& list, feeds::ReadProgress progress,
                           const OverrideSink& sink, ListReport* report) {
  absl::StatusOr<std::unique_ptr<feeds::FeedReader>> reader =
      feeds::NewFeedReader(list.source.format, list.options);
  if (!reader.ok()) return reader.status();
  (*reader)->set_progress(std::move(progress));
  const auto take = [&](const feeds::FeedEntry& entry) -> absl::Status {
    const std::optional<feeds::Fault> fault = WhyLeftOut(entry, list.now);
    if (!fault.has_value()) return sink(OverrideOf(entry, list));
    report->left_out.Reject(*fault, /*line=*/0, entry.listed);
    return absl::OkStatus();
  };
  return (*reader)->Read(feeds::FeedSource(list.source.path), take, &report->read);
}

uint64_t Missed(const ListReport& report) {
  uint64_t missed = report.left_out.rejected();
  for (const auto& [fault, rejections] : report.read.rejections()) {
    const bool taken_back = fault == RowFault::kWithdrawn || fault == RowFault::kContextOnly ||
                            fault == RowFault::kBelowMinimum;
    if (!taken_back) missed += rejections.count;
  }
  return missed;
}

}  // namespace cloister::cli
