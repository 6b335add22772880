/*
 * pem.h: keys for the tests alone, made with OpenSSL.  The four RSA forms are
 * one key, and so are the EC forms and those of Ed25519.
 */
#ifndef CARNET_PEM_H
#define CARNET_PEM_H

#define PEM_RSA_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDIE/BiivrC6JMO\n" \
	"gVWEvo8rr2hXtWRZ50eglxaJvfHz69/TXvBci70KZnSZcugqRTxSAMBXQofMLiGD\n" \
	"1VDvYeHG6qKw8PM9c1Tb94qn303y46OL3UWCf587hy6RPMDWLCBNXaNa3TUyj7Va\n" \
	"G7yn+EF2APgforFACIHDnHl831KgGgMWYBh9vFcM2P9HO3kchszxzf/UIqEAcwmw\n" \
	"SBoxKhA3dRflQHddQ+m4eExAW80X18QOJcRqFtJb7N3cKscOHo09SlylGHBx7mW7\n" \
	"BjBNfv0XD8GVcUklwLH3BaG09dYliBJgqX3/zVSRcvQVSpDbyndcyRYhHrcZFpcd\n" \
	"yN3mJ9lTAgMBAAECggEAAgG724EsBWByeSbFm3s90bZaBDyG28/8tpj4BOb+0kTU\n" \
	"uI4EjdO+UFMOwFXtYN8o57mniY3anCr/nbmPV5dSaGhaEWRD9vh9Krz6NbeA/1AB\n" \
	"Mpnu5Iwwe1cJGd5+IKfN+yNWoXFZOJSbFmLzgCEhUZ8DiMMHpsNvFG3cBMCeAjUR\n" \
	"X25pAqsN4j++p72QdvTo8z3XdPlEQj44EaxRtUxRURMHV0x+OGsVjTaBaZzMdbqk\n" \
	"uk61kPcD4KvjWfo398n1N6DGvInj5YzQlMPnfiZ5VaRdgmYQ4VtSTlgChBQloIul\n" \
	"r1I9/xDU7BUMqeUS8fqr5rFlqFky0BslgPHNS7wTwQKBgQDsy0fGqrr/5ASz+WYs\n" \
	"sAOT7iXac+fy9oAeJuLoeZwz66Oq9DVijGpXXQ+bhSy+Dje9Q29ORsYlCHzBj3F9\n" \
	"fFoKfUc+lytsukzCayKbIjKeYoFM/A/CTsKhIZ3ULG2NJK9BErc3RsP8Qbw4nTmR\n" \
	"ENc1+jXTNCPDP4KFIp86GMiSKQKBgQDYTkuOKKjZggdZhlkc96kqamxq5nA0M5Bl\n" \
	"m2slqciO5vH6UKdPI2zL4Vu5g0eyJHUCRHDtsmg8P0cUTauMSuqLerEwwVlfU6eO\n" \
	"9uei6JXJoTNk+7A3nctPBEbBCVAPGDyv9CQh3VKREzrbCU3yJCd9FsaIWOokrCh5\n" \
	"R8QHbEDXGwKBgQCARgaV2nr+j9j0XdA5uQfXJRUgZ9VoypvQuaQF54r0nVvGChC5\n" \
	"V/NrbCA+UUBRnIYZYuRy9Of1u8lJWZlTLv/f2smzYFTHy4w1bbALddUR866zs4Ad\n" \
	"9Gh+vSUwgPi/kvXVPHw/13fnuPxrdtBugz7yIJ7z0LTm2gqscHrtD+vnMQKBgC+m\n" \
	"R8SgNln75+yTyOu1rwFWAl4mN094kHWhoB/i3/iC7YlL3R902VGsak1amx+mIlSG\n" \
	"iS4DoCytb9YMKh80nahuNbxcy3hRcFbxEyPzApQxO6YiP7Zwv0m/0mpRx94bY7sL\n" \
	"GC6Rl8+3ob6AtTgDOOO4cbG1jJbZiez1nzxXX41DAoGBAILWr0rQybx3chQ3eUnd\n" \
	"0Dp0wQhj+iy/Y9yX1YxwMS71p2N+h+onqlviZwv8ArUjWSr7Ua30ORwcQpIr6Jk5\n" \
	"vZ96N/tHRgB9wqX7s9q3jp9FtClCAbo1080KcCla90SXPGGZA5p/1qs32e7B2MMW\n" \
	"cd7gwvPoLMQzu8umYVGEBFDA\n" \
	"-----END PRIVATE KEY-----\n"

#define PEM_RSA_PKCS1 \
	"-----BEGIN RSA PRIVATE KEY-----\n" \
	"MIIEpAIBAAKCAQEAyBPwYor6wuiTDoFVhL6PK69oV7VkWedHoJcWib3x8+vf017w\n" \
	"XIu9CmZ0mXLoKkU8UgDAV0KHzC4hg9VQ72HhxuqisPDzPXNU2/eKp99N8uOji91F\n" \
	"gn+fO4cukTzA1iwgTV2jWt01Mo+1Whu8p/hBdgD4H6KxQAiBw5x5fN9SoBoDFmAY\n" \
	"fbxXDNj/Rzt5HIbM8c3/1CKhAHMJsEgaMSoQN3UX5UB3XUPpuHhMQFvNF9fEDiXE\n" \
	"ahbSW+zd3CrHDh6NPUpcpRhwce5luwYwTX79Fw/BlXFJJcCx9wWhtPXWJYgSYKl9\n" \
	"/81UkXL0FUqQ28p3XMkWIR63GRaXHcjd5ifZUwIDAQABAoIBAAIBu9uBLAVgcnkm\n" \
	"xZt7PdG2WgQ8htvP/LaY+ATm/tJE1LiOBI3TvlBTDsBV7WDfKOe5p4mN2pwq/525\n" \
	"j1eXUmhoWhFkQ/b4fSq8+jW3gP9QATKZ7uSMMHtXCRnefiCnzfsjVqFxWTiUmxZi\n" \
	"84AhIVGfA4jDB6bDbxRt3ATAngI1EV9uaQKrDeI/vqe9kHb06PM913T5REI+OBGs\n" \
	"UbVMUVETB1dMfjhrFY02gWmczHW6pLpOtZD3A+Cr41n6N/fJ9TegxryJ4+WM0JTD\n" \
	"534meVWkXYJmEOFbUk5YAoQUJaCLpa9SPf8Q1OwVDKnlEvH6q+axZahZMtAbJYDx\n" \
	"zUu8E8ECgYEA7MtHxqq6/+QEs/lmLLADk+4l2nPn8vaAHibi6HmcM+ujqvQ1Yoxq\n" \
	"V10Pm4Usvg43vUNvTkbGJQh8wY9xfXxaCn1HPpcrbLpMwmsimyIynmKBTPwPwk7C\n" \
	"oSGd1CxtjSSvQRK3N0bD/EG8OJ05kRDXNfo10zQjwz+ChSKfOhjIkikCgYEA2E5L\n" \
	"jiio2YIHWYZZHPepKmpsauZwNDOQZZtrJanIjubx+lCnTyNsy+FbuYNHsiR1AkRw\n" \
	"7bJoPD9HFE2rjErqi3qxMMFZX1OnjvbnouiVyaEzZPuwN53LTwRGwQlQDxg8r/Qk\n" \
	"Id1SkRM62wlN8iQnfRbGiFjqJKwoeUfEB2xA1xsCgYEAgEYGldp6/o/Y9F3QObkH\n" \
	"1yUVIGfVaMqb0LmkBeeK9J1bxgoQuVfza2wgPlFAUZyGGWLkcvTn9bvJSVmZUy7/\n" \
	"39rJs2BUx8uMNW2wC3XVEfOus7OAHfRofr0lMID4v5L11Tx8P9d357j8a3bQboM+\n" \
	"8iCe89C05toKrHB67Q/r5zECgYAvpkfEoDZZ++fsk8jrta8BVgJeJjdPeJB1oaAf\n" \
	"4t/4gu2JS90fdNlRrGpNWpsfpiJUhokuA6AsrW/WDCofNJ2objW8XMt4UXBW8RMj\n" \
	"8wKUMTumIj+2cL9Jv9JqUcfeG2O7CxgukZfPt6G+gLU4AzjjuHGxtYyW2Yns9Z88\n" \
	"V1+NQwKBgQCC1q9K0Mm8d3IUN3lJ3dA6dMEIY/osv2Pcl9WMcDEu9adjfofqJ6pb\n" \
	"4mcL/AK1I1kq+1Gt9DkcHEKSK+iZOb2fejf7R0YAfcKl+7Pat46fRbQpQgG6NdPN\n" \
	"CnApWvdElzxhmQOaf9arN9nuwdjDFnHe4MLz6CzEM7vLpmFRhARQwA==\n" \
	"-----END RSA PRIVATE KEY-----\n"

#define PEM_RSA_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyBPwYor6wuiTDoFVhL6P\n" \
	"K69oV7VkWedHoJcWib3x8+vf017wXIu9CmZ0mXLoKkU8UgDAV0KHzC4hg9VQ72Hh\n" \
	"xuqisPDzPXNU2/eKp99N8uOji91Fgn+fO4cukTzA1iwgTV2jWt01Mo+1Whu8p/hB\n" \
	"dgD4H6KxQAiBw5x5fN9SoBoDFmAYfbxXDNj/Rzt5HIbM8c3/1CKhAHMJsEgaMSoQ\n" \
	"N3UX5UB3XUPpuHhMQFvNF9fEDiXEahbSW+zd3CrHDh6NPUpcpRhwce5luwYwTX79\n" \
	"Fw/BlXFJJcCx9wWhtPXWJYgSYKl9/81UkXL0FUqQ28p3XMkWIR63GRaXHcjd5ifZ\n" \
	"UwIDAQAB\n" \
	"-----END PUBLIC KEY-----\n"

#define PEM_RSA_PUBLIC_PKCS1 \
	"-----BEGIN RSA PUBLIC KEY-----\n" \
	"MIIBCgKCAQEAyBPwYor6wuiTDoFVhL6PK69oV7VkWedHoJcWib3x8+vf017wXIu9\n" \
	"CmZ0mXLoKkU8UgDAV0KHzC4hg9VQ72HhxuqisPDzPXNU2/eKp99N8uOji91Fgn+f\n" \
	"O4cukTzA1iwgTV2jWt01Mo+1Whu8p/hBdgD4H6KxQAiBw5x5fN9SoBoDFmAYfbxX\n" \
	"DNj/Rzt5HIbM8c3/1CKhAHMJsEgaMSoQN3UX5UB3XUPpuHhMQFvNF9fEDiXEahbS\n" \
	"W+zd3CrHDh6NPUpcpRhwce5luwYwTX79Fw/BlXFJJcCx9wWhtPXWJYgSYKl9/81U\n" \
	"kXL0FUqQ28p3XMkWIR63GRaXHcjd5ifZUwIDAQAB\n" \
	"-----END RSA PUBLIC KEY-----\n"

#define PEM_EC_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFglc6x/wamYSOvFQ\n" \
	"b9/1Ah1WW/cTZ2baoTdWLWZ9SdehRANCAAQaZwVxsRe2YaMFO0A6H4QTyE5G5vxn\n" \
	"CsHLNWJViQBXvSHTGYliwH6lo8sjklnW3P+2V16tmldbOMvCMjEvpaqT\n" \
	"-----END PRIVATE KEY-----\n"

#define PEM_EC_SEC1 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIBYJXOsf8GpmEjrxUG/f9QIdVlv3E2dm2qE3Vi1mfUnXoAoGCCqGSM49\n" \
	"AwEHoUQDQgAEGmcFcbEXtmGjBTtAOh+EE8hORub8ZwrByzViVYkAV70h0xmJYsB+\n" \
	"paPLI5JZ1tz/tlderZpXWzjLwjIxL6Wqkw==\n" \
	"-----END EC PRIVATE KEY-----\n"

#define PEM_EC_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGmcFcbEXtmGjBTtAOh+EE8hORub8\n" \
	"ZwrByzViVYkAV70h0xmJYsB+paPLI5JZ1tz/tlderZpXWzjLwjIxL6Wqkw==\n" \
	"-----END PUBLIC KEY-----\n"

#define PEM_EC_ENCRYPTED \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjEEHy/7qqx1wICCAAw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMp4/GxOmRqatToN6rxs3BYEgZCO\n" \
	"sq8KJp7ZCMY6aoQfm7+ii2IY4oXmRYQ5OG4sKLkoN6uoXGCZCV3icIlN7W2iXZO0\n" \
	"LEBRmpfV0fm49dYoZaUMxRVWwEIxXyCOQFoK2eYc+YNc2IefMbOBlaZAmiTQeeUj\n" \
	"NHgEstiW6t4swv9Qr6cFYQyipjJSIi0kcHyjLmy2JfSM7r4o8BlrWLBHCYxn3Ac=\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_ED25519 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIBmpC3Rw/B/FuFf2PXNxnZ/O8nB4wAzVmKAcKIY04g1X\n" \
	"-----END PRIVATE KEY-----\n"

#define PEM_ED25519_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEAbK7v/GBRN95HAJuWjkqC40q844B7J3kmOwrPmLkeHTA=\n" \
	"-----END PUBLIC KEY-----\n"

#define PEM_RSA1024 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBANK9tcVRM8XHDFkl\n" \
	"7KU0X2KS/N7yA+9cqlptknBfYhp2HVvfi1yk6V24Cf44kT96B/5HHBENkqQNm0tF\n" \
	"yONAjAdapnsgpRq+X7zDz8+7FzS1+ipmh8D4aT721qi9IMx/BNqoARju13qxZ7WE\n" \
	"2Gnqkljc6JHYbMFph27Bf/sAys2FAgMBAAECgYA6Cqn/mGfL9xB9lSZiMdR7j8Q5\n" \
	"mypeSIVatob4kCyy4Qkg/qahc4Ian8+Qxv+qHfAJpogiYjybFmxJBQVZIbPu6qHH\n" \
	"IP0A4SZLRwQ80xN0NtU7+T0GR2FrPjY9mSotizWh1GiI3u//cGGZERqzPdVOKoz4\n" \
	"w7FJbN0mADIa3JF/GQJBAOt2zmF9EWFRX3Gan4D7zaOagJgxhGwcxZA3AoDGoAFP\n" \
	"g2CWgmoOynnvacY8LFxbvlbePQhsb/Dij5Mu3pd45l8CQQDlHuoBce5UMHt7zHbz\n" \
	"yN5fpkhHN5SBEfm0NgSzqU3NDwv3tCZ7Wq5W0942/1hafrWHnNl/YqVnMOaX+jZF\n" \
	"de6bAkEAnxg6IAK6UJADtiWsaiE487b79llWyRmzn1qb1VjfWaNY+FUZrwFpa3QJ\n" \
	"ewjDTHAsrlMg1+U0yYS7T85WVfA5bwJAY8C61tg4kDTvfi292FOq5W/q5f6/zBX8\n" \
	"ZkZic6oRcmbLqhOn8WrAnpLtm3o+iF/EPv+9/eT/6FZ0/tP0DvfSYwJBAKQ8zHrE\n" \
	"pKKkIFMx5Ep9DZLgNpZ6QgiQyOjTwwjqnK4LKAzsx5zrybzy1Dy6dVsNGd0NIV1E\n" \
	"LjDXhniT/4Asl/w=\n" \
	"-----END PRIVATE KEY-----\n"

#define PEM_RSA1024_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDSvbXFUTPFxwxZJeylNF9ikvze\n" \
	"8gPvXKpabZJwX2Iadh1b34tcpOlduAn+OJE/egf+RxwRDZKkDZtLRcjjQIwHWqZ7\n" \
	"IKUavl+8w8/Puxc0tfoqZofA+Gk+9taovSDMfwTaqAEY7td6sWe1hNhp6pJY3OiR\n" \
	"2GzBaYduwX/7AMrNhQIDAQAB\n" \
	"-----END PUBLIC KEY-----\n"

#define PEM_P384 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MIGkAgEBBDALAmNbT5Z/5bgDKvvvCJToFNy26mr+8P5GpPAtcuaoCtwPdH5tTjb/\n" \
	"BAhN6rKcg0qgBwYFK4EEACKhZANiAAQSsX5LZL+y2kryPOt5DECoEH23XzEI198c\n" \
	"Fmp5c9Qdhv/yfKOHH5SZtlvbhzEHaPe+AS5UaRzFroTQRQDRgf9MJ0o6BGIRiLTs\n" \
	"l2ht0cqkUHHEN6gzimPfoI/DNtxnwPk=\n" \
	"-----END EC PRIVATE KEY-----\n"

#define PEM_P384_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEErF+S2S/stpK8jzreQxAqBB9t18xCNff\n" \
	"HBZqeXPUHYb/8nyjhx+UmbZb24cxB2j3vgEuVGkcxa6E0EUA0YH/TCdKOgRiEYi0\n" \
	"7JdobdHKpFBxxDeoM4pj36CPwzbcZ8D5\n" \
	"-----END PUBLIC KEY-----\n"

#define PEM_ED448 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MEcCAQAwBQYDK2VxBDsEOVkRFkmYikrnPplpEJqV0cNTfO/CYU0WSxyOufVctDXs\n" \
	"TLVxuy4de2iijfHOdBiZAdUjlca08JJOOA==\n" \
	"-----END PRIVATE KEY-----\n"

#define PEM_SECP256K1 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHQCAQEEIOcGKw0iAXijL5vQXj7lU54g5NMph0fzYVpkZAjxk7WAoAcGBSuBBAAK\n" \
	"oUQDQgAEQFVN79A8GmkhiYefLe6U62cb71kilRX017jyU5MoL/cWagrzSw0Btljq\n" \
	"mfGkuzI9Q43+vSvtu8WHCO4B/dS4kA==\n" \
	"-----END EC PRIVATE KEY-----\n"

#endif
