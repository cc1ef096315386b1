// cloister explain THING

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client-sdk/cli/answer_text.h"
#include "client-sdk/cli/command_line.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/things.h"
#include "client-sdk/src/decode.h"

namespace cloister::cli {
namespace {

struct ExplainArguments {
  std::string thing;
  ObjectOptions object;
};

// A found record in the terms of the client library, which passes over those without a verdict.
Match MatchOf(const v1::ExplainedMatch& found) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_LISTED);
  v1::Match* match = response.add_matches();
  *match = found.match();
  const bool is_exclusion = match->verdict() == v1::VERDICT_UNSPECIFIED;
  if (is_exclusion) match->set_verdict(v1::VERDICT_KNOWN);
  Answer answer = client::DecodeLookup(response);
  if (answer.winner() == nullptr) return Match();
  if (is_exclusion) answer.matches.front().verdict = Verdict::kNone;
  return answer.matches.front();
}

std::string VerdictOf(const Match& match, const Terminal& terminal) {
  return match.verdict == Verdict::kNone ? "EXCLUDED" : VerdictText(match.verdict, terminal);
}

void PrintFound(const Terminal& terminal, const v1::ExplainResponse& explained) {
  *terminal.out << "Records found, and what became of them\n";
  for (const v1::ExplainedMatch& found : explained.found()) {
    const Match match = MatchOf(found);
    *terminal.out << absl::StreamFormat("  %-18s", Printable(found.outcome()))
                  << VerdictOf(match, terminal) << " by " << SourceText(match) << " for "
                  << Printable(match.matched_expression) << " (scope "
                  << (match.scope ? std::string(Name(*match.scope)) : "not told") << ")\n";
    if (!found.masked_by().empty()) {
      *terminal.out << "                    it would condemn: " << Printable(found.masked_by())
                    << "\n";
    }
  }
  if (explained.found().empty()) *terminal.out << "  none\n";
}

void PrintProbed(const Terminal& terminal, const v1::ExplainResponse& explained) {
  *terminal.out << "Lookup keys, most specific first\n";
  for (const v1::ProbedKey& key : explained.probed_keys()) {
    *terminal.out << "  " << (key.exact() ? "exact   " : "parent  ") << Printable(key.expression())
                  << "\n"
                  << terminal.Paint(Colour::kFaint,
                                    absl::StrCat("          ", Printable(key.lookup_key_hex())))
                  << "\n";
  }
}

ExitCode Explain(Session* session, const ExplainArguments& arguments) {
  const absl::StatusOr<Thing> thing = ReadThing(arguments.thing, arguments.object.forced_kind());
  if (!thing.ok()) return session->Fail(ExitCode::kUsage, thing.status().message());
  v1::ExplainRequest request;
  SetObject(thing->object, request.mutable_object());
  request.set_context(static_cast<v1::LookupContext>(arguments.object.stated_context()));
  v1::ExplainResponse explained;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::Explain, request, &explained, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(explained));
    return ExitCode::kOk;
  }
  const Answer answer = client::DecodeLookup(explained.answer());
  PrintAnswer(session->terminal(),
              ObjectText(thing->input, thing->object, thing->hashed, answer.canonical), answer);
  PrintFound(session->terminal(), explained);
  PrintProbed(session->terminal(), explained);
  return ExitCode::kOk;
}

}  // namespace

void AddExplain(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<ExplainArguments>();
  CLI::App* command =
      app->add_subcommand("explain", "Show how an answer comes about: records, layers, keys");
  command->add_option("THING", arguments->thing, "as for lookup")
      ->type_name("FILE|TEXT")
      ->required();
  AddKindOption(command, &arguments->object);
  AddContextOption(command, &arguments->object);
  command->callback([session, arguments] {
    session->command = [session, arguments] { return Explain(session, *arguments); };
  });
}

}  // namespace cloister::cli
