// cloister verify, cloister feeds verify, cloister feeds rebuild

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/feeds_command.h"

namespace cloister::cli {
namespace {

using Stub = v1::AdminService::Stub;

constexpr char kMore[] =
    "Reads every pack of a feed and every entry that it serves, and compares them with what was\n"
    "signed. Answers go on meanwhile. Exit code 5 if something is not sound.\n"
    "\n"
    "Examples:\n"
    "  cloister verify                        all feeds\n"
    "  cloister verify threats software\n"
    "  cloister --output json verify | jq .feeds[].result.sound";

// The names of all feeds where none is given.
bool FeedNames(Session* session, std::vector<std::string>* feeds, ExitCode* code) {
  if (!feeds->empty()) return true;
  v1::ListFeedsResponse response;
  if (!session->Call(&Stub::ListFeeds, v1::ListFeedsRequest(), &response, code)) return false;
  for (const v1::Feed& feed : response.feeds()) feeds->push_back(feed.name());
  return true;
}

bool VerifyOne(Session* session, const std::string& feed, v1::VerifyFeedResult* result,
               ExitCode* code) {
  Stub* stub = session->Admin(code);
  if (stub == nullptr) return false;
  grpc::ClientContext context;
  context.set_deadline(client::Deadline::In(session->long_timeout()).ForGrpc());
  v1::VerifyFeedRequest request;
  request.set_feed(feed);
  auto stream = stub->VerifyFeed(&context, request);
  v1::VerifyFeedResponse message;
  bool is_complete = false;
  while (stream->Read(&message)) {
    if (message.has_result()) {
      *result = message.result();
      is_complete = true;
    } else {
      session->progress().Show(absl::StrCat(feed, ": ", message.doing()), message.done(),
                               message.total());
    }
  }
  if (!session->Succeeded(stream->Finish(), code)) return false;
  if (!is_complete) {
    *code = session->Fail(ExitCode::kFailed,
                          absl::StrCat(feed, ": the server ended without a result; ask again"));
  }
  return is_complete;
}

std::string ResultText(const std::string& feed, const v1::VerifyFeedResult& result,
                       const Terminal& terminal) {
  std::string text = absl::StrCat(result.sound() ? terminal.Paint(Colour::kGreen, "SOUND")
                                                 : terminal.Paint(Colour::kRed, "NOT SOUND"),
                                  "  ", Printable(feed), ": ", result.packs(),
                                  result.packs() == 1 ? " pack" : " packs", ", ",
                                  BytesText(result.bytes()), ", ", result.entries(), " entries\n");
  if (!result.message().empty()) absl::StrAppend(&text, "  ", Printable(result.message()), "\n");
  for (const std::string& pack : result.rotten_packs()) {
    absl::StrAppend(&text, "  changed on the disk: pack ", Printable(pack), "\n");
  }
  if (!result.sound()) {
    absl::StrAppend(&text, "  next: cloister feeds rebuild ", Printable(feed),
                    " --reason …, and look at the disk\n");
  }
  return text;
}

ExitCode Verify(Session* session, std::vector<std::string> feeds) {
  ExitCode code = ExitCode::kOk;
  if (!FeedNames(session, &feeds, &code)) return code;
  Json results = Json::array();
  ExitCode gravest = ExitCode::kOk;
  for (const std::string& feed : feeds) {
    v1::VerifyFeedResult result;
    if (!VerifyOne(session, feed, &result, &code)) {
      gravest = Graver(gravest, code);
      continue;
    }
    if (!result.sound()) gravest = Graver(gravest, ExitCode::kFailed);
    results.push_back({{"feed", feed}, {"result", JsonOf(result)}});
    if (!session->options().json()) session->out() << ResultText(feed, result, session->terminal());
  }
  if (session->options().json()) session->out() << ToText({{"feeds", std::move(results)}});
  if (feeds.empty() && !session->options().json()) session->out() << "no feed is configured\n";
  return gravest;
}

ExitCode Rebuild(Session* session, const std::string& feed, const std::string& reason) {
  v1::RebuildFeedRequest request;
  request.set_feed(feed);
  request.set_reason(reason);
  v1::RebuildFeedResponse response;
  ExitCode code = ExitCode::kOk;
  if (!session->CallLong(&Stub::RebuildFeed, request, &response, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(response));
  } else {
    session->out() << Printable(feed) << " v" << response.version() << " serves"
                   << (response.complete() ? "" : "; it is not what should serve") << "\n";
    for (const std::string& pack : response.quarantined()) {
      session->out() << "  moved to quarantine: pack " << Printable(pack) << "\n";
    }
  }
  if (response.complete()) return ExitCode::kOk;
  return session->Fail(ExitCode::kFailed,
                       "what should serve cannot be built from the packs on the server's disk; "
                       "it is taken again from the spool, or import a bundle that holds it");
}

void FillVerify(CLI::App* command, Session* session) {
  command->footer(kMore);
  auto feeds = std::make_shared<std::vector<std::string>>();
  command->add_option("FEED", *feeds, "the feeds' names; all if none is given");
  command->callback([session, feeds] {
    session->command = [session, feeds] { return Verify(session, *feeds); };
  });
}

}  // namespace

void AddFeedSoundness(CLI::App* feeds, Session* session) {
  FillVerify(feeds->add_subcommand("verify", "Read everything of feeds again, and compare"),
             session);
  CLI::App* rebuild = feeds->add_subcommand(
      "rebuild", "Build what serves anew from the packs on the server, without a network");
  rebuild->footer("Example: cloister feeds rebuild threats --reason 'verify found a rotten pack'");
  auto feed = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  rebuild->add_option("FEED", *feed, "the feed's name")->required();
  rebuild->add_option("--reason", *reason, "why, for the audit trail")->required();
  rebuild->callback([session, feed, reason] {
    session->command = [session, feed, reason] { return Rebuild(session, *feed, *reason); };
  });
}

void AddVerify(CLI::App* app, Session* session) {
  FillVerify(app->add_subcommand("verify",
                                 "Read everything of feeds again, and compare it with "
                                 "what was signed"),
             session);
}

}  // namespace cloister::cli
