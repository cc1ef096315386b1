#include "client-sdk/cli/override_csv.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "reputation/lookup_key.h"
#include "reputation/verdict.h"

namespace cloister::cli {
namespace {

// Quoted unless it consists of what no reader of CSV takes for anything else.
std::string Field(absl::string_view text) {
  constexpr absl::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-;";
  const bool plain = text.find_first_not_of(kPlain) == absl::string_view::npos;
  if (plain) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string ScopeText(v1::Scope scope) {
  const int number = std::max<int>(scope, v1::SCOPE_EXACT) - v1::SCOPE_EXACT;
  return std::string(reputation::ScopeName(static_cast<reputation::Scope>(number)));
}

std::string UntilText(const v1::Override& one) {
  if (!one.has_valid_until()) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(one.valid_until().seconds()),
                          absl::UTCTimeZone());
}

}  // namespace

std::string OverrideCsvHeader() {
  return "kind,value,verdict,scope,threat_name,categories,confidence,applies_to,valid_until,"
         "source\n";
}

std::string OverrideCsvRow(const v1::Override& one) {
  std::vector<absl::string_view> categories;
  for (const int number : one.categories()) {
    categories.push_back(reputation::CategoryName(static_cast<reputation::Category>(number)));
  }
  std::vector<absl::string_view> contexts;
  for (const int number : one.applies_to()) {
    contexts.push_back(
        reputation::LookupContextName(static_cast<reputation::LookupContext>(number)));
  }
  const auto kind = static_cast<reputation::ObjectKind>(one.object().kind());
  const std::string fields[] = {
      std::string(reputation::ObjectKindName(kind)),
      one.object().text(),
      std::string(reputation::VerdictName(static_cast<reputation::Verdict>(one.verdict()))),
      ScopeText(one.scope()),
      one.threat_name(),
      absl::StrJoin(categories, ";"),
      one.confidence() == 0 ? "" : absl::StrCat(one.confidence()),
      absl::StrJoin(contexts, ";"),
      UntilText(one),
      absl::StrCat(one.actor(), ": ", one.reason())};
  return absl::StrCat(absl::StrJoin(fields, ",",
                                    [](std::string* out, const std::string& field) {
                                      absl::StrAppend(out, Field(field));
                                    }),
                      "\n");
}

}  // namespace cloister::cli
