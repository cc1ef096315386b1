// cloister feeds, and the commands below it that change nothing

#include "client-sdk/cli/feeds_command.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/feed_text.h"

namespace cloister::cli {
namespace {

constexpr char kMore[] =
    "Examples:\n"
    "  cloister feeds                                    what each serves, and what to do next\n"
    "  cloister feeds versions threats                   what one could go back to\n"
    "  cloister feeds diff threats 41                    what serving version 41 would change\n"
    "  cloister feeds accept threats 42 --reason 'ok'    serve the version that waits\n"
    "  cloister feeds rollback threats --reason 'ticket 7'   back to the version before, and stay\n"
    "  cloister feeds unpin threats --reason 'mended'    let updates go on\n"
    "  cloister feeds verify threats                     read everything again\n"
    "Server, certificates and exit codes: cloister --help";

ExitCode List(Session* session) {
  v1::ListFeedsResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::ListFeeds, v1::ListFeedsRequest(), &response,
                     &code)) {
    return code;
  }
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
    return ExitCode::kOk;
  }
  for (const v1::Feed& feed : response.feeds()) {
    session->out() << FeedText(feed, session->terminal());
  }
  if (response.feeds().empty()) session->out() << "no feed is configured\n";
  return ExitCode::kOk;
}

ExitCode Versions(Session* session, const std::string& feed) {
  v1::ListFeedVersionsRequest request;
  request.set_feed(feed);
  v1::ListFeedVersionsResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->Call(&v1::AdminService::Stub::ListFeedVersions, request, &response, &code)) {
    return code;
  }
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
    return ExitCode::kOk;
  }
  for (const v1::FeedVersionInfo& version : response.versions()) {
    session->out() << VersionText(feed, version);
  }
  if (response.versions().empty()) session->out() << "no version is kept\n";
  return ExitCode::kOk;
}

}  // namespace

ExitCode Diff(Session* session, const std::string& feed, uint64_t version) {
  v1::DiffFeedVersionRequest request;
  request.set_feed(feed);
  request.set_version(version);
  v1::DiffFeedVersionResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->CallLong(&v1::AdminService::Stub::DiffFeedVersion, request, &response, &code)) {
    return code;
  }
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
    return ExitCode::kOk;
  }
  session->out() << "Serving " << Printable(feed) << " v" << version << " would change\n"
                 << ChangesText(response.changes());
  return ExitCode::kOk;
}

void AddFeeds(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand(
      "feeds", "Show feeds and decide about their versions: what serves, waits, or was refused");
  command->footer(kMore);
  command->require_subcommand(0, 1);
  command->callback([session, command] {
    if (!command->get_subcommands().empty()) return;  // it has its own
    session->command = [session] { return List(session); };
  });

  auto feed = std::make_shared<std::string>();
  CLI::App* versions = command->add_subcommand("versions", "List the kept versions of one feed");
  versions->add_option("FEED", *feed, "the feed's name")->required();
  versions->callback(
      [session, feed] { session->command = [session, feed] { return Versions(session, *feed); }; });

  auto version = std::make_shared<uint64_t>(0);
  CLI::App* diff = command->add_subcommand(
      "diff", "Say what serving a version, kept or waiting, would change; changes nothing");
  diff->add_option("FEED", *feed, "the feed's name")->required();
  diff->add_option("VERSION", *version, "as cloister feeds versions names it")->required();
  diff->callback([session, feed, version] {
    session->command = [session, feed, version] { return Diff(session, *feed, *version); };
  });
  AddFeedDecisions(command, session);
  AddFeedSoundness(command, session);
}

}  // namespace cloister::cli
