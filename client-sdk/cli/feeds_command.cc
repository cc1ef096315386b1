// cloister feeds [versions NAME]

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client-sdk/cli/commands.h"

namespace cloister::cli {
namespace {

// "1 record", "2 records".
std::string Count(uint64_t number, absl::string_view noun) {
  return absl::StrCat(number, " ", noun, number == 1 ? "" : "s");
}

std::string ContentText(uint64_t records, uint32_t packs, uint64_t bytes) {
  return absl::StrCat(Count(records, "record"), " in ", Count(packs, "pack"), ", ",
                      BytesText(bytes));
}

std::string HealthText(v1::FeedHealth health, const Terminal& terminal) {
  switch (health) {
    case v1::FEED_HEALTH_EMPTY:
      return terminal.Paint(Colour::kYellow, "EMPTY");
    case v1::FEED_HEALTH_SERVING:
      return terminal.Paint(Colour::kGreen, "SERVING");
    case v1::FEED_HEALTH_UPDATE_REFUSED:
      return terminal.Paint(Colour::kRed, "UPDATE REFUSED");
    case v1::FEED_HEALTH_EXPIRED:
      return terminal.Paint(Colour::kRed, "EXPIRED");
    default:
      return "UNKNOWN";
  }
}

void PrintFeed(const Terminal& terminal, const v1::Feed& feed) {
  const auto line = [&](absl::string_view name, const std::string& value) {
    if (value.empty()) return;
    *terminal.out << "  " << terminal.Paint(Colour::kFaint, absl::StrFormat("%-12s", name))
                  << Printable(value) << "\n";
  };
  *terminal.out << HealthText(feed.health(), terminal) << "  " << Printable(feed.name());
  if (feed.version() > 0) {
    *terminal.out << " v" << feed.version() << ", "
                  << DurationText(std::chrono::seconds(feed.data_age_s())) << " old";
  }
  *terminal.out << "\n";
  if (feed.version() > 0) {
    line("holds", ContentText(feed.records(), feed.packs(), feed.pack_bytes()));
  }
  line("covers", absl::StrJoin(feed.coverage(), ", "));
  line("rank",
       absl::StrCat(feed.authoritative() ? "authoritative, " : "", "priority ", feed.priority()));
  if (feed.has_expires_at()) {
    line("expires", TimeText(absl::FromUnixSeconds(feed.expires_at().seconds())));
  }
  line("digest", feed.content_digest());
  if (!feed.reject_reason().empty()) {
    line("refused", absl::StrCat(feed.reject_reason(), ": ", feed.reject_message()));
  }
}

ExitCode Feeds(Session* session) {
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
  for (const v1::Feed& feed : response.feeds()) PrintFeed(session->terminal(), feed);
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
    session->out() << (version.serving() ? "serving  " : "kept     ") << Printable(feed) << " v"
                   << version.version() << "  published "
                   << TimeText(absl::FromUnixSeconds(version.published_at().seconds())) << "  "
                   << ContentText(version.records(), version.packs(), version.pack_bytes()) << "\n";
  }
  if (response.versions().empty()) session->out() << "no version is kept\n";
  return ExitCode::kOk;
}

}  // namespace

void AddFeeds(CLI::App* app, Session* session) {
  CLI::App* command =
      app->add_subcommand("feeds", "List feeds: what each serves, and why an update was refused");
  command->require_subcommand(0, 1);
  auto feed = std::make_shared<std::string>();
  CLI::App* versions = command->add_subcommand("versions", "List the kept versions of one feed");
  versions->add_option("NAME", *feed, "the feed's name")->required();
  command->callback([session, feed, versions] {
    session->command = [session, feed, of_one = versions->parsed()] {
      return of_one ? Versions(session, *feed) : Feeds(session);
    };
  });
}

}  // namespace cloister::cli
