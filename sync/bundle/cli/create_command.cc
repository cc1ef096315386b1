// cloister-bundle create

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/files/files.h"
#include "sync/bundle/bundle_writer.h"
#include "sync/bundle/cli/bundle_file.h"
#include "sync/bundle/cli/commands.h"
#include "sync/bundle/cli/progress.h"
#include "sync/bundle/cli/text.h"
#include "sync/bundle/feed_contents.h"
#include "sync/bundle/feed_source.h"

namespace cloister::bundle {
namespace {

constexpr uint32_t kFileMode = 0644;  // nothing in it is secret

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) or now.
absl::Time CreationTime(const Console& console) {
  const char* stated = getenv("SOURCE_DATE_EPOCH");
  int64_t seconds;
  if (stated != nullptr && absl::SimpleAtoi(stated, &seconds)) {
    return absl::FromUnixSeconds(seconds);
  }
  return console.now;
}

bool IsWanted(const Arguments& arguments, const std::string& feed) {
  return arguments.feeds.empty() ||
         std::find(arguments.feeds.begin(), arguments.feeds.end(), feed) != arguments.feeds.end();
}

absl::Status CheckAllFound(const Arguments& arguments, const std::set<std::string>& found) {
  const auto check = [&](absl::string_view option, const std::string& feed) {
    if (found.count(feed) > 0) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat(option, " ", feed, ": ", arguments.from, " has ", absl::StrJoin(found, ", ")));
  };
  for (const std::string& feed : arguments.feeds) {
    if (absl::Status s = check("--feed", feed); !s.ok()) return s;
  }
  for (const auto& [feed, version] : arguments.since) {
    if (feed.empty()) continue;
    if (absl::Status s = check("--since", feed); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// The sources of wanted feeds, each with its feed's name: only its metadata say it where a folder
// is one repository.
absl::StatusOr<std::vector<FeedSource>> FindWanted(const Arguments& arguments,
                                                   const Console& console) {
  auto sources = FindFeeds(arguments.from);
  if (!sources.ok()) return sources.status();
  std::vector<FeedSource> wanted;
  std::set<std::string> found;
  for (FeedSource& source : *sources) {
    if (source.feed.empty()) {
      auto name = FeedOf(source.path, console.now);
      if (!name.ok()) return name.status();
      source.feed = *std::move(name);
    }
    found.insert(source.feed);
    if (IsWanted(arguments, source.feed)) wanted.push_back(std::move(source));
  }
  if (absl::Status s = CheckAllFound(arguments, found); !s.ok()) return s;
  return wanted;
}

uint64_t SinceOf(const Arguments& arguments, const std::string& feed) {
  auto since = arguments.since.find(feed);
  if (since == arguments.since.end()) since = arguments.since.find("");
  return since == arguments.since.end() ? 0 : since->second;
}

void Warn(const FeedContents& contents, bool root_given, const Console& console) {
  const std::string& feed = contents.description.feed;
  if (!root_given) {
    console.err << "warning: " << feed << ": no --root given; trusting the oldest root there\n";
  }
  if (contents.authentic.expired()) {
    console.err << "warning: " << feed << " expired " << TimeText(contents.description.expires)
                << "; receivers take it only if they accept expired data\n";
  }
}

absl::StatusOr<std::vector<FeedContents>> Select(const Arguments& arguments,
                                                 const Console& console) {
  auto sources = FindWanted(arguments, console);
  if (!sources.ok()) return sources.status();
  std::vector<FeedContents> all;
  absl::Status nothing_new;
  for (const FeedSource& source : *sources) {
    auto root = RootFor(arguments, source.feed);
    if (!root.ok()) return root.status();
    auto contents = SelectContents(source, {.root = *root,
                                            .since_version = SinceOf(arguments, source.feed),
                                            .max_deltas = 24,
                                            .now = console.now});
    if (absl::IsAlreadyExists(contents.status())) {
      nothing_new = contents.status();
      if (sources->size() > 1) console.err << nothing_new.message() << "; left out\n";
      continue;
    }
    if (!contents.ok()) {
      absl::Status named(contents.status().code(),
                         absl::StrCat(source.path, ": ", contents.status().message()));
      return named;
    }
    Warn(*contents, !root->empty(), console);
    all.push_back(*std::move(contents));
  }
  if (!all.empty()) return all;
  if (sources->size() == 1) return nothing_new;
  return absl::AlreadyExistsError("no feed has anything new; nothing was written");
}

// Writes to a file beside the one wanted, which appears whole or not at all.
absl::StatusOr<uint64_t> Write(const Arguments& arguments, const Console& console,
                               const BundleIndex& index,
                               const std::vector<FeedContents>& contents) {
  auto file = storage::TemporaryFile::Create(FolderOf(arguments.out));
  if (!file.ok()) return file.status();
  Progress progress(console);
  progress.Begin("packing");
  uint64_t packed = 0;
  const auto bytes_of = [&](const BundleMember& member, const trust::ByteSink& sink) {
    for (const FeedContents& feed : contents) {
      if (feed.metadata.count(member.path) + feed.packs.count(member.path) == 0) continue;
      return ReadMember(feed, member.path, [&](absl::string_view bytes) {
        packed += bytes.size();
        progress.Tell(packed, index.bytes());
        return sink(bytes);
      });
    }
    return absl::InternalError(absl::StrCat(member.path, " belongs to no feed"));
  };
  absl::Status s =
      WriteBundle(index, arguments.zstandard ? Compression::kZstandard : Compression::kNone,
                  bytes_of, [&](absl::string_view bytes) { return file->Append(bytes); });
  const uint64_t size = file->size();
  if (s.ok()) s = file->Commit(arguments.out, kFileMode);
  if (!s.ok()) return s;
  return size;
}

void Print(const Arguments& arguments, const Console& console, const BundleIndex& index,
           uint64_t size) {
  if (arguments.json) {
    Json feeds = Json::array();
    for (const BundleFeed& feed : index.feeds) {
      feeds.push_back({{"feed", feed.feed}, {"from", feed.from_version}, {"to", feed.to_version}});
    }
    console.out << Json{{"bundle", arguments.out}, {"bytes", size}, {"feeds", feeds}}.dump(2)
                << "\n";
    return;
  }
  for (const BundleFeed& feed : index.feeds) {
    console.out << feed.feed << ": " << StepText(feed.from_version, feed.to_version) << ", issued "
                << TimeText(feed.issued) << ", good until " << TimeText(feed.expires) << "\n";
  }
  console.out << "wrote " << arguments.out << ", " << BytesText(size) << "\n";
}

}  // namespace

absl::StatusOr<int> RunCreate(const Arguments& arguments, const Console& console) {
  struct stat info {};
  if (!arguments.force && lstat(arguments.out.c_str(), &info) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(arguments.out, " exists; name another file, or replace it with --force"));
  }
  auto contents = Select(arguments, console);
  if (!contents.ok()) return contents.status();
  BundleIndex index;
  index.created = CreationTime(console);
  for (const FeedContents& feed : *contents) index.feeds.push_back(feed.description);
  auto size = Write(arguments, console, index, *contents);
  if (!size.ok()) return size.status();
  Print(arguments, console, index, *size);
  return kExitOk;
}

}  // namespace cloister::bundle
