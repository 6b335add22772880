#!/usr/bin/perl
# handoff.pl: a site in Perl tells carnet who is signed in.  Its address is login_url
# in carnet.conf; doc/users.md, "Signed in by your site", says how to set it up.
#
# Set the four variables, and change person() and forget() to what your site does.
# All modules are Perl's own.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use JSON::PP qw(encode_json decode_json);
use MIME::Base64 qw(encode_base64url decode_base64url);

my $issuer = 'https://auth.example.org';    # as in carnet.conf
my $key_file = '/etc/site/login.key';       # a copy of carnet's keys/login.key
my $sign_in = '/login.pl';                  # your page, which then leads to ?next=
my $sessions = '/var/lib/site/sessions';    # a file of JSON each

sub session { return ($ENV{HTTP_COOKIE} // '') =~ /(?:^|; *)session=(\w+)/ ? "$sessions/$1" : undef }

# Who is signed in: id, email, email_verified, name, and at, the time; or undef.
sub person {
    my $file = session() // return;
    open my $in, '<', $file or return;
    local $/;
    return decode_json(<$in>);
}

# The app wants them to sign in anew.
sub forget { unlink session() // return }

sub answer { print "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n", @_; exit }
sub escape { return $_[0] =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ger }
sub first_line { open my $in, '<', $_[0] or die "$_[0]: $!\n"; return <$in> =~ s/\s+\z//r }

my %q = map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger }
    map { (split(/=/, $_, 2), '')[0, 1] } split /&/, $ENV{QUERY_STRING} // '';
my $back = "$issuer/oauth/login/return";
if (($q{return_to} // '') ne $back || !defined $q{state}) {
    # Or a ticket would go to whoever asks for one.
    answer("Status: 400\r\nContent-Type: text/plain\r\n\r\nThis page is for $issuer alone.\n");
}
my $who = person();
my $oldest = ($q{max_age} // '') =~ /^\d+\z/ ? time - $q{max_age} : 0;
if (($q{prompt} // '') eq 'login' || $who && $who->{at} < $oldest) {
    forget();
    undef $who;
}
if (!$who) {
    my $self = "$ENV{SCRIPT_NAME}?state=" . escape($q{state}) . '&return_to=' . escape($back);
    answer("Status: 303\r\nLocation: $sign_in?next=", escape($self), "\r\n\r\n");
}
open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
read $random, my $id, 16;
my $text = encode_base64url('{"alg":"HS256"}') . '.' . encode_base64url(encode_json({
    aud => $issuer, sub => "$who->{id}", state => $q{state},
    iat => time, exp => time + 60, jti => unpack('H*', $id),
    auth_time => $who->{at}, email => $who->{email}, name => $who->{name},
    email_verified => $who->{email_verified},    # true only if you have checked it
}));
my $key = decode_base64url(first_line($key_file));
my $ticket = $text . '.' . encode_base64url(hmac_sha256($text, $key));
answer("Status: 303\r\nLocation: $back?ticket=$ticket\r\n\r\n");
