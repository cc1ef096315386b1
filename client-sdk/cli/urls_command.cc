// cloister urls FILE

#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client-sdk/cli/answer_text.h"
#include "client-sdk/cli/commands.h"
#include "cloister/extract_urls.h"

namespace cloister::cli {
namespace {

constexpr char kMore[] =
    "FILE is the body of a mail, its transfer encoding undone; \"-\" reads standard input. Links\n"
    "of rewriting services (Safe Links, URL Defense, google.com/url …) are given with what they\n"
    "wrap. Nothing is fetched. Defanged text is left alone, as in mail.\n"
    "\n"
    "Examples:\n"
    "  cloister urls mail.html\n"
    "  cloister urls --lookup mail.html        the exit code is that of the gravest answer\n"
    "  cloister urls --text --charset iso-8859-1 - < body.txt\n";

struct UrlsArguments {
  std::string file;
  bool html = false;
  bool text = false;
  bool lookup = false;
  ExtractOptions options;
};

absl::string_view OriginName(UrlOrigin origin) {
  switch (origin) {
    case UrlOrigin::kText:
      return "text";
    case UrlOrigin::kBareText:
      return "bare";
    case UrlOrigin::kAttribute:
      return "attribute";
    case UrlOrigin::kUnwrapped:
      return "unwrapped";
  }
  return "unknown";
}

// Mail says which it is; a file on disk has to be looked at.
bool LooksLikeHtml(const UrlsArguments& arguments, absl::string_view body) {
  if (arguments.html || arguments.text) return arguments.html;
  if (absl::EndsWithIgnoreCase(arguments.file, ".html") ||
      absl::EndsWithIgnoreCase(arguments.file, ".htm")) {
    return true;
  }
  const std::string head = absl::AsciiStrToLower(body.substr(0, 1024));
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(head), "<") ||
         absl::StrContains(head, "<html") || absl::StrContains(head, "<!doctype html");
}

class UrlsCommand {
 public:
  UrlsCommand(Session* session, const UrlsArguments& arguments)
      : session_(session), arguments_(arguments) {}

  ExitCode Run() {
    std::string body;
    if (!Read(&body)) {
      return session_->Fail(ExitCode::kUsage, absl::StrCat(arguments_.file,
                                                           " cannot be read; \"-\" reads standard "
                                                           "input"));
    }
    const ExtractedUrls found = LooksLikeHtml(arguments_, body)
                                    ? ExtractUrlsFromHtml(body, arguments_.options)
                                    : ExtractUrlsFromText(body, arguments_.options);
    const ExitCode code = arguments_.lookup ? Ask(found) : List(found);
    if (found.truncated && !session_->options().json()) {
      return Graver(code, session_->Fail(ExitCode::kPartial,
                                         "the body is larger, or costs more to read, than is "
                                         "looked at: there may be more"));
    }
    return code;
  }

 private:
  bool Read(std::string* body) const {
    // One byte more than is looked at shows that there is more.
    const auto read = [&](std::istream& in) {
      body->resize(arguments_.options.max_body_bytes + 1);
      in.read(body->data(), static_cast<std::streamsize>(body->size()));
      body->resize(static_cast<size_t>(in.gcount()));
      return !in.bad();
    };
    if (arguments_.file == "-") return read(session_->in());
    std::ifstream file(arguments_.file, std::ios::binary);
    return file.is_open() && read(file);
  }

  ExitCode List(const ExtractedUrls& found) {
    if (session_->options().json()) return ListAsJson(found);
    for (const FoundUrl& one : found.urls) {
      session_->out() << absl::StrFormat("%-9s  %s\n", OriginName(one.origin), Printable(one.url));
    }
    return ExitCode::kOk;
  }

  ExitCode ListAsJson(const ExtractedUrls& found) {
    Json urls = Json::array();
    for (const FoundUrl& one : found.urls) {
      const absl::string_view origin = OriginName(one.origin);
      urls.push_back({{"url", one.url}, {"origin", std::string(origin)}, {"offset", one.offset}});
    }
    session_->out() << ToText({{"urls", std::move(urls)}, {"truncated", found.truncated}});
    return ExitCode::kOk;
  }

  ExitCode Ask(const ExtractedUrls& found) {
    ExitCode code = ExitCode::kOk;
    const std::unique_ptr<Client> client = session_->Connect(&code);
    if (client == nullptr) return code;
    std::vector<Object> objects;
    for (const FoundUrl& one : found.urls) objects.push_back(Object::Url(one.url));
    const std::vector<Answer> answers =
        client->BatchLookup(objects, {session_->timeout(), Context::kAny});
    if (answers.size() != objects.size()) {
      return session_->Fail(ExitCode::kFailed, "not enough memory for the answers");
    }
    Json all = Json::array();
    for (size_t i = 0; i < answers.size(); ++i) {
      // What was found need not be a URL: "http://bad[.]example/". That is no fault of the caller.
      const bool is_no_url = answers[i].error == ErrorKind::kInvalidArgument;
      if (!is_no_url) code = Graver(code, CodeOf(answers[i]));
      if (session_->options().json()) {
        all.push_back(JsonOf(found.urls[i].url, "url", answers[i]));
      } else {
        PrintAnswerLine(session_->terminal(), absl::StrCat("url ", Printable(found.urls[i].url)),
                        answers[i]);
      }
    }
    if (session_->options().json()) {
      session_->out() << ToText({{"answers", std::move(all)}, {"truncated", found.truncated}});
    }
    return code;
  }

  ExitCode CodeOf(const Answer& answer) const {
    return answer.status == AnswerStatus::kError
               ? session_->CodeFor({answer.error, answer.error_message})
               : ExitCodeFor(answer);
  }

  Session* const session_;
  const UrlsArguments& arguments_;
};

}  // namespace

void AddUrls(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<UrlsArguments>();
  CLI::App* command = app->add_subcommand("urls", "List or look up the URLs of a mail body");
  command->footer(absl::StrCat(kMore, command->get_footer()));
  command->add_option("FILE", arguments->file, "the body; \"-\" for standard input")
      ->type_name("FILE")
      ->required();
  CLI::Option* html = command->add_flag("--html", arguments->html, "it is HTML");
  command->add_flag("--text", arguments->text, "it is plain text; guessed if neither is given")
      ->excludes(html);
  command->add_option("--charset", arguments->options.charset,
                      "as the mail states it; UTF-8, or what HTML itself states, if not given");
  command->add_flag("--lookup", arguments->lookup, "ask the server about each");
  command->callback([session, arguments] {
    session->command = [session, arguments] { return UrlsCommand(session, *arguments).Run(); };
  });
}

}  // namespace cloister::cli
