// cloister override set|list; the others have files of their own

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client-sdk/cli/answer_text.h"
#include "client-sdk/cli/command_line.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/durations.h"
#include "client-sdk/cli/override_commands.h"
#include "client-sdk/cli/things.h"

namespace cloister::cli {
namespace {

constexpr int kPageSize = 1000;

struct OverrideArguments {
  std::string thing;
  ObjectOptions object;
  std::string verdict;
  std::string scope;
  std::string reason;
  std::string valid_for;
  std::string threat_name;
  std::vector<std::string> categories;
  uint32_t confidence = 0;
  std::vector<std::string> contexts;
  uint32_t limit = kPageSize;
};

void AppendWords(absl::string_view what, const std::vector<std::string_view>& words,
                 std::string* text) {
  if (words.empty()) return;
  absl::StrAppend(text, "  ", what);
  for (size_t i = 0; i < words.size(); ++i) {
    absl::StrAppend(text, i == 0 ? "" : ", ", absl::string_view(words[i].data(), words[i].size()));
  }
  absl::StrAppend(text, "\n");
}

std::string OverrideText(const v1::Override& one, const Terminal& terminal) {
  const std::string_view kind = Name(static_cast<ObjectKind>(one.object().kind()));
  const std::string_view scope = Name(static_cast<Scope>(one.scope()));
  std::string text =
      absl::StrCat(VerdictText(static_cast<Verdict>(one.verdict()), terminal), "  ",
                   absl::string_view(kind.data(), kind.size()), " ", Printable(one.object().text()),
                   "  (scope ", absl::string_view(scope.data(), scope.size()), ", ");
  absl::StrAppend(&text,
                  one.has_valid_until()
                      ? "until " + TimeText(absl::FromUnixSeconds(one.valid_until().seconds()))
                      : "until deleted",
                  ")\n");
  if (!one.threat_name().empty()) {
    absl::StrAppend(&text, "  threat      ", Printable(one.threat_name()), "\n");
  }
  std::vector<std::string_view> categories;
  for (const int category : one.categories()) categories.push_back(Name(Category(category)));
  std::vector<std::string_view> contexts;
  for (const int context : one.applies_to()) contexts.push_back(Name(Context(context)));
  AppendWords("categories  ", categories, &text);
  AppendWords("applies to  ", contexts, &text);
  if (one.confidence() != 0) absl::StrAppend(&text, "  confidence  ", one.confidence(), "\n");
  absl::StrAppend(&text, "  reason      ", Printable(one.reason()), "\n  set         by ",
                  Printable(one.actor()), " on ",
                  TimeText(absl::FromUnixSeconds(one.set_at().seconds())), "\n");
  return text;
}

ExitCode Set(Session* session, const OverrideArguments& arguments) {
  const absl::StatusOr<Thing> thing = ReadThing(arguments.thing, arguments.object.forced_kind());
  if (!thing.ok()) return session->Fail(ExitCode::kUsage, thing.status().message());
  v1::SetOverrideRequest request;
  SetObject(thing->object, request.mutable_object());
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::Verdict_Parse("VERDICT_" + absl::AsciiStrToUpper(arguments.verdict), &verdict);
  request.set_verdict(verdict);
  v1::Scope scope = v1::SCOPE_UNSPECIFIED;
  v1::Scope_Parse("SCOPE_" + absl::AsciiStrToUpper(arguments.scope), &scope);
  request.set_scope(scope);
  request.set_reason(arguments.reason);
  request.set_threat_name(arguments.threat_name);
  request.set_confidence(arguments.confidence);
  for (const std::string& name : arguments.categories) {
    v1::Category category = v1::CATEGORY_UNSPECIFIED;
    v1::Category_Parse("CATEGORY_" + absl::AsciiStrToUpper(name), &category);
    request.add_categories(category);
  }
  for (const std::string& name : arguments.contexts) {
    v1::LookupContext context = v1::LOOKUP_CONTEXT_UNSPECIFIED;
    v1::LookupContext_Parse("LOOKUP_CONTEXT_" + absl::AsciiStrToUpper(name), &context);
    request.add_applies_to(context);
  }
  if (!arguments.valid_for.empty()) {
    const absl::StatusOr<absl::Duration> valid_for = ParseDuration(arguments.valid_for);
    if (!valid_for.ok()) {
      return session->Fail(ExitCode::kUsage,
                           absl::StrCat("--valid-for: ", valid_for.status().message()));
    }
    request.mutable_valid_for()->set_seconds(absl::ToInt64Seconds(*valid_for));
  }
  v1::SetOverrideResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::SetOverride, request, &response, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
  } else {
    session->out() << "Live from generation " << response.generation() << ":\n"
                   << OverrideText(response.override(), session->terminal());
  }
  return ExitCode::kOk;
}

ExitCode List(Session* session, const OverrideArguments& arguments) {
  v1::ListOverridesResponse all;
  v1::ListOverridesRequest request;
  ExitCode code = ExitCode::kOk;
  do {
    const uint32_t left = arguments.limit - static_cast<uint32_t>(all.overrides_size());
    request.set_page_size(static_cast<int>(std::min<uint32_t>(left, kPageSize)));
    v1::ListOverridesResponse page;
    if (!session->Call(&v1::AdminService::Stub::ListOverrides, request, &page, &code)) return code;
    all.mutable_overrides()->MergeFrom(page.overrides());
    all.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
    if (page.overrides().empty()) break;
  } while (!all.next_page_token().empty() &&
           static_cast<uint32_t>(all.overrides_size()) < arguments.limit);
  if (session->options().json()) {
    session->out() << ToText(JsonOf(all));
    return ExitCode::kOk;
  }
  for (const v1::Override& one : all.overrides()) {
    session->out() << OverrideText(one, session->terminal());
  }
  if (all.overrides().empty()) session->out() << "there is no override\n";
  if (!all.next_page_token().empty()) {
    session->out() << "there are more: raise --limit (" << arguments.limit << ")\n";
  }
  return ExitCode::kOk;
}

using Action = ExitCode (*)(Session*, const OverrideArguments&);

void Choose(CLI::App* command, Session* session, std::shared_ptr<OverrideArguments> arguments,
            Action action) {
  command->callback([session, arguments, action] {
    session->command = [session, arguments, action] { return action(session, *arguments); };
  });
}

void AddSet(CLI::App* command, Session* session) {
  auto arguments = std::make_shared<OverrideArguments>();
  CLI::App* set = command->add_subcommand("set", "Set or replace the override of one object");
  set->add_option("THING", arguments->thing, "as for lookup; also a prefix such as 192.0.2.0/24")
      ->required();
  AddKindOption(set, &arguments->object);
  set->add_option("--verdict", arguments->verdict, "what to answer")
      ->required()
      ->check(CLI::IsMember({"malicious", "unwanted", "suspicious", "trusted", "known"}));
  set->add_option("--reason", arguments->reason, "why, for the audit trail")->required();
  set->add_option("--scope", arguments->scope, "how far below THING it reaches; exact if not given")
      ->check(CLI::IsMember({"exact", "subtree", "subdomains_only"}));
  set->add_option("--valid-for", arguments->valid_for, "how long: 12h, 30d; until deleted if not");
  set->add_option("--threat-name", arguments->threat_name, "name to answer with");
  set->add_option("--categories", arguments->categories, "what kind of threat: malware,phishing")
      ->delimiter(',')
      ->check(CLI::IsMember({"malware", "phishing", "scam", "botnet_c2", "cryptominer",
                             "spam_source", "adware", "riskware", "test"}));
  set->add_option("--confidence", arguments->confidence, "0 to 100")->check(CLI::Range(0, 100));
  set->add_option("--applies-to", arguments->contexts, "limit it to contexts: url_host,c2")
      ->delimiter(',')
      ->check(CLI::IsMember({"url_host", "sender_domain", "smtp_client", "c2"}));
  Choose(set, session, arguments, &Set);
}

}  // namespace

void AddOverride(CLI::App* app, Session* session) {
  CLI::App* command =
      app->add_subcommand("override", "Decide yourself what the server answers about an object");
  command->require_subcommand(1);
  AddSet(command, session);
  auto listed = std::make_shared<OverrideArguments>();
  CLI::App* list = command->add_subcommand("list", "List overrides");
  list->add_option("--limit", listed->limit, "at most how many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  Choose(list, session, listed, &List);
  AddOverrideDelete(command, session);
  AddOverrideImport(command, session);
  AddOverrideExport(command, session);
}

}  // namespace cloister::cli
