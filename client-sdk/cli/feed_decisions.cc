// cloister feeds accept|reject|rollback|pin|unpin

#include <memory>

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/feeds_command.h"

namespace cloister::cli {
namespace {

struct Arguments {
  std::string feed;
  uint64_t version = 0;
  std::string reason;
  bool dry_run = false;
};

using Stub = v1::AdminService::Stub;

// Calls a method and prints `done`, or the response where JSON is wanted.
template <typename Request, typename Response>
ExitCode Decide(Session* session,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request, const std::string& done) {
  Response response;
  ExitCode code = ExitCode::kOk;
  if (!session->CallLong(method, request, &response, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
  } else {
    session->out() << Printable(done) << "\n";
  }
  return ExitCode::kOk;
}

std::string Named(const Arguments& arguments) {
  return absl::StrCat(arguments.feed, " v", arguments.version);
}

ExitCode Accept(Session* session, const Arguments& arguments) {
  v1::AcceptFeedVersionRequest request;
  request.set_feed(arguments.feed);
  request.set_version(arguments.version);
  request.set_reason(arguments.reason);
  return Decide(session, &Stub::AcceptFeedVersion, request,
                absl::StrCat(Named(arguments), " serves"));
}

ExitCode Reject(Session* session, const Arguments& arguments) {
  v1::RejectFeedVersionRequest request;
  request.set_feed(arguments.feed);
  request.set_version(arguments.version);
  request.set_reason(arguments.reason);
  return Decide(session, &Stub::RejectFeedVersion, request,
                absl::StrCat(Named(arguments), " will not serve; what follows it is considered"));
}

// The version that a rollback without a number goes to.
bool FindOlder(Session* session, const std::string& feed, uint64_t* version, ExitCode* code) {
  v1::ListFeedVersionsRequest request;
  request.set_feed(feed);
  v1::ListFeedVersionsResponse response;
  if (!session->Call(&Stub::ListFeedVersions, request, &response, code)) return false;
  bool below = false;
  for (const v1::FeedVersionInfo& one : response.versions()) {  // newest first
    if (below) {
      *version = one.version();
      return true;
    }
    below = one.serving();
  }
  *code = session->Fail(ExitCode::kFailed,
                        absl::StrCat(feed, " keeps no version older than the one that serves"));
  return false;
}

ExitCode RollBack(Session* session, const Arguments& arguments) {
  if (arguments.dry_run) {
    ExitCode code = ExitCode::kOk;
    uint64_t version = arguments.version;
    if (version == 0 && !FindOlder(session, arguments.feed, &version, &code)) return code;
    return Diff(session, arguments.feed, version);
  }
  if (arguments.reason.empty()) {
    return session->Fail(ExitCode::kUsage,
                         "--reason is required; or see what it would change with --dry-run");
  }
  v1::RollBackFeedRequest request;
  request.set_feed(arguments.feed);
  request.set_version(arguments.version);
  request.set_reason(arguments.reason);
  v1::RollBackFeedResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->CallLong(&Stub::RollBackFeed, request, &response, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
  } else {
    session->out() << Printable(arguments.feed) << " v" << response.version()
                   << " serves, and stays until: cloister feeds unpin " << Printable(arguments.feed)
                   << " --reason …\n";
  }
  return ExitCode::kOk;
}

ExitCode Pin(Session* session, const Arguments& arguments) {
  v1::PinFeedRequest request;
  request.set_feed(arguments.feed);
  request.set_reason(arguments.reason);
  return Decide(session, &Stub::PinFeed, request,
                absl::StrCat(arguments.feed, " stays with what serves; later versions wait"));
}

ExitCode Unpin(Session* session, const Arguments& arguments) {
  v1::UnpinFeedRequest request;
  request.set_feed(arguments.feed);
  request.set_reason(arguments.reason);
  return Decide(session, &Stub::UnpinFeed, request,
                absl::StrCat("updates of ", arguments.feed, " go on"));
}

using Action = ExitCode (*)(Session*, const Arguments&);

// A command with FEED, and what every decision needs.
std::shared_ptr<Arguments> AddDecision(CLI::App* command, Session* session, Action action) {
  auto arguments = std::make_shared<Arguments>();
  command->add_option("FEED", arguments->feed, "the feed's name")->required();
  command->add_option("--reason", arguments->reason, "why, for the audit trail");
  command->callback([session, arguments, action] {
    session->command = [session, arguments, action] { return action(session, *arguments); };
  });
  return arguments;
}

void DemandReason(CLI::App* command) { command->get_option("--reason")->required(); }

}  // namespace

void AddFeedDecisions(CLI::App* feeds, Session* session) {
  const char* kWaiting = "the version that waits, as cloister feeds names it";
  CLI::App* accept = feeds->add_subcommand("accept", "Serve the version that waits");
  accept->footer("Example: cloister feeds accept threats 42 --reason 'looked at the diff'");
  accept->add_option("VERSION", AddDecision(accept, session, &Accept)->version, kWaiting)
      ->required();
  DemandReason(accept);

  CLI::App* reject = feeds->add_subcommand(
      "reject", "Never serve the version that waits; what follows it is considered anew");
  reject->footer("Example: cloister feeds reject threats 42 --reason 'condemns our partner'");
  reject->add_option("VERSION", AddDecision(reject, session, &Reject)->version, kWaiting)
      ->required();
  DemandReason(reject);

  CLI::App* rollback = feeds->add_subcommand(
      "rollback", "Serve a kept version at once, and stay with it until unpin");
  rollback->footer(
      "Examples:\n"
      "  cloister feeds rollback threats --dry-run              what it would change\n"
      "  cloister feeds rollback threats --reason 'ticket 7'    to the version before\n"
      "  cloister feeds rollback threats 40 --reason 'ticket 7'");
  auto arguments = AddDecision(rollback, session, &RollBack);
  rollback->add_option("VERSION", arguments->version,
                       "a kept version; the newest below what serves if not given");
  rollback->add_flag("--dry-run", arguments->dry_run, "say what it would change; change nothing");

  CLI::App* pin = feeds->add_subcommand("pin", "Stay with what serves; later versions wait");
  pin->footer("Example: cloister feeds pin threats --reason 'change freeze'");
  AddDecision(pin, session, &Pin);
  DemandReason(pin);

  CLI::App* unpin = feeds->add_subcommand("unpin", "Let updates go on after rollback or pin");
  unpin->footer("Example: cloister feeds unpin threats --reason 'mended in 43'");
  AddDecision(unpin, session, &Unpin);
  DemandReason(unpin);
}

}  // namespace cloister::cli
