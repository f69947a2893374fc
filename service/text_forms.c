/* text_forms.c - the built-in words. A code stands early, next to a word for "code", without a
 * link and without other digits beside it (auto-fill and spam filters read it that way). */
#include "base/util.h"
#include "service/texts_private.h"

const struct text_form text_forms[] = {
	{ KIND_VERIFICATION, "ru",
	  "Код {code} для {title}. Действует {minutes} минут. Никому не сообщайте." },
	{ KIND_VERIFICATION, "ru", "Код {code}. Никому его не сообщайте." },
	{ KIND_VERIFICATION, "ru", "Код {code}. Никому не сообщайте." }, /* beside an app's line */
	{ KIND_VERIFICATION, "vi",
	  "Mã xác thực {title}: {code}. Hết hạn sau {minutes} phút. Không chia sẻ mã." },
	{ KIND_VERIFICATION, "vi", "Mã: {code}. Không chia sẻ mã này." },
	{ KIND_VERIFICATION, "vi",
	  "Ma xac thuc {title} cua ban la {code}. Het han sau {minutes} phut. "
	  "Khong chia se ma." },
	{ KIND_VERIFICATION, "vi", "Ma: {code}. Khong chia se ma nay." },
	{ KIND_VERIFICATION, "en",
	  "Your {title} code is {code}. It expires in {minutes} minutes. Do not share it." },
	{ KIND_VERIFICATION, "en", "Your code is {code}. Do not share it." },
	{ KIND_CONTACT_REQUEST, "ru",
	  "Уважаемый {to_name}, пользователь {from_name} просит связаться с ним по заказу {order}. "
	  "Администрация {title}." },
	{ KIND_CONTACT_REQUEST, "vi",
	  "Kính gửi {to_name}, người dùng {from_name} đề nghị bạn liên hệ về đơn hàng {order}. "
	  "Ban quản trị {title}." },
	{ KIND_CONTACT_REQUEST, "vi",
	  "Kinh gui {to_name}, nguoi dung {from_name} de nghi ban lien he ve don hang {order}. "
	  "Ban quan tri {title}." },
	{ KIND_CONTACT_REQUEST, "en",
	  "Dear {to_name}, user {from_name} asks you to get in touch about order {order}. "
	  "The administration of {title}." },
};

const size_t n_text_forms = ARRAY_LEN(text_forms);
